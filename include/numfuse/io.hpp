// Tensors to and from text and .npy files.
#pragma once

#include <ostream>
#include <string>

#include <numfuse/functions.hpp>
#include <numfuse/npy.hpp>
#include <numfuse/print.hpp>

namespace numfuse {

namespace detail {

/// A host tensor with the elements of x: x itself where it is one.
template <tensor_like X>
decltype(auto) on_host(const X& x) {
  if constexpr (std::same_as<space_t<X>, host>) {
    return (x);
  } else if constexpr (requires { x.template to<host>(); }) {
    return x.template to<host>();
  } else {
    return tensor<element_t<X>, space_t<X>>(x).template to<host>();
  }
}

template <tensor_like X>
std::string text_of(const X& x, const print_options& options) {
  const described d = describe(x);
  return array_to_string(static_cast<const element_t<X>*>(d.data), d.sizes, d.strides, options);
}

}  // namespace detail

/// The elements as NumPy prints them. A device tensor is copied to the host first, on its stream,
/// which waits; a view has none: what is written on a stream of its own must be there already.
template <tensor_like X>
std::string to_string(const X& x, const print_options& options = {}) {
  return detail::text_of(detail::on_host(x), options);
}

template <tensor_like X>
std::ostream& operator<<(std::ostream& out, const X& x) {
  return out << to_string(x);
}

/// Reads a .npy file of dtype T, C or Fortran order. Throws io_error that names the file and the
/// cause, dtype_error where the file holds another dtype than T.
template <any_dtype T>
host_tensor<T> load_npy(const std::string& file) {
  auto stream = open_npy(file);
  const npy_header header = read_npy_header(stream, file);
  if (header.type != dtype_of<T>) {
    throw dtype_error("load_npy: " + file + ": the file holds " + name_of(header.type) + ", not " +
                      name_of(dtype_of<T>));
  }
  if (!header.fortran_order) {
    host_tensor<T> result(header.sizes);
    read_npy_data(stream, header, result.data(), file);
    return result;
  }
  extents reversed;
  for (int d = header.sizes.rank() - 1; d >= 0; --d) reversed.push_back(header.sizes[d]);
  host_tensor<T> in_file{shape(reversed)};
  read_npy_data(stream, header, in_file.data(), file);
  return host_tensor<T>(in_file.transpose());
}

/// Writes a .npy file, C order, format version 1.0. The file appears whole or not at all; one that
/// it replaces leaves it its permissions. Throws io_error.
template <tensor_like X>
void save_npy(const std::string& file, const X& x) {
  const auto write = [&](const auto& on_host) {
    if constexpr (requires { on_host.is_contiguous(); }) {  // a view
      const host_tensor<element_t<X>> contiguous(on_host);
      write_npy(file, dtype_of<element_t<X>>, contiguous.shape(), false, contiguous.data());
    } else {
      write_npy(file, dtype_of<element_t<X>>, on_host.shape(), false, on_host.data());
    }
  };
  write(detail::on_host(x));
}

}  // namespace numfuse
