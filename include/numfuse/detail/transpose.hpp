// Transposes on the host.
#pragma once

#include <cstdint>

namespace numfuse::detail {

/// to[c * to_pitch + r] = from[r * from_pitch + c] for all r < rows and c < columns. Elements have
/// 4 or 8 bytes, pitches count elements; `to` and `from` lie apart.
void transpose(int item_bytes, void* to, std::int64_t to_pitch, const void* from,
               std::int64_t from_pitch, std::int64_t rows, std::int64_t columns);

template <class T>
inline constexpr bool is_transposable = sizeof(T) == 4 || sizeof(T) == 8;

}  // namespace numfuse::detail
