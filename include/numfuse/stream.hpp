// A CUDA stream, without CUDA's headers: the order in which a GPU's work is done.
#pragma once

#include <memory>

struct CUstream_st;  // cudaStream_t is a pointer to this

namespace numfuse {

/// A handle to a CUDA stream. The default-constructed one is the default stream; work of the host
/// space ignores it. Copies share the stream.
class stream {
 public:
  using handle = CUstream_st*;

  stream() = default;

  /// Wraps a stream that somebody else owns.
  explicit stream(handle h) : handle_(h) {}

  /// A new non-blocking stream, destroyed with its last copy. Throws device_error without a GPU.
  static stream create();

  /// Waits until all work on the stream is done. Throws device_error if any of it failed.
  void synchronize() const;

  handle get() const noexcept { return handle_; }

 private:
  handle handle_ = nullptr;
  std::shared_ptr<void> owner_;
};

}  // namespace numfuse
