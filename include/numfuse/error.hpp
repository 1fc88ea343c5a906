// The exceptions that numfuse throws. Each message names the function, the shapes and the axis.
#pragma once

#include <stdexcept>
#include <string>

namespace numfuse {

/// Base of every exception that numfuse throws.
class error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Shapes that do not fit: not broadcastable, a reshape to another size, an output of the wrong
/// shape.
class shape_error : public error {
 public:
  using error::error;
};

/// An axis outside [-rank, rank).
class axis_error : public error {
 public:
  using error::error;
};

/// A dtype that a function or a file does not accept.
class dtype_error : public error {
 public:
  using error::error;
};

/// An argument whose value makes no sense: an empty `max`, `linspace` of a negative count.
class value_error : public error {
 public:
  using error::error;
};

/// No usable GPU, or a CUDA or cuBLAS call that failed.
class device_error : public error {
 public:
  using error::error;
};

/// A file that cannot be read or written; the message names the file and the cause.
class io_error : public error {
 public:
  using error::error;
};

}  // namespace numfuse
