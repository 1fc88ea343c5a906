// Private to the library: the bytes in front of the data of a .npy file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <numfuse/npy.hpp>

namespace numfuse::detail {

inline constexpr std::string_view npy_magic = "\x93NUMPY";

/// Throws io_error "file: cause".
[[noreturn]] void fail_on_file(const std::string& file, const std::string& cause);

/// The size of an array in a file, in bytes.
/// Throws io_error if it, or the product of the sizes that are not 0, overflows.
std::int64_t npy_bytes(dtype type, const extents& sizes, const std::string& file);

/// Reads the dictionary of a header; `data_offset` stays 0.
npy_header parse_npy_dictionary(std::string_view text, const std::string& file);

/// Everything in front of the data, byte for byte as np.save writes it.
std::string npy_front(dtype type, const shape& sizes, bool fortran_order);

}  // namespace numfuse::detail
