// Reading and writing of .npy files. A file is: the magic bytes, the version, the length of the
// header, the header (npy_header.cpp), the data.
#include <numfuse/npy.hpp>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <random>
#include <string_view>
#include <system_error>

#include "npy_header.hpp"

namespace numfuse {
namespace {

using detail::fail_on_file;
using detail::npy_bytes;
using detail::npy_front;
using detail::npy_magic;

static_assert(std::endian::native == std::endian::little, "the data of files are little-endian");

constexpr std::int64_t longest_header = 65535;  // what version 1.0 can express

std::string bytes_text(std::int64_t n) { return std::to_string(n) + (n == 1 ? " byte" : " bytes"); }

std::int64_t bytes_left(std::istream& in, const std::string& file) {
  const std::istream::pos_type here = in.tellg();
  in.seekg(0, std::ios::end);
  const std::istream::pos_type end = in.tellg();
  in.seekg(here);
  if (!in || here == std::istream::pos_type(-1) || end < here) {
    fail_on_file(file, "its size cannot be found");
  }
  return static_cast<std::int64_t>(end - here);
}

std::string read_bytes(std::istream& in, std::int64_t n, const std::string& file) {
  std::string bytes(static_cast<std::size_t>(n), '\0');
  if (!in.read(bytes.data(), n)) fail_on_file(file, "cannot be read");
  return bytes;
}

std::string system_message(int number) {
  return number == 0 ? "unknown cause" : std::generic_category().message(number);
}

/// A file that is removed at the end of the scope, unless it was renamed.
struct temporary_file {
  std::filesystem::path path;
  ~temporary_file() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

}  // namespace

std::int64_t npy_data_bytes(const npy_header& header) {
  return npy_bytes(header.type, header.sizes, "npy_data_bytes");
}

std::ifstream open_npy(const std::string& file) {
  std::error_code problem;
  const std::filesystem::file_status status = std::filesystem::status(file, problem);
  if (status.type() == std::filesystem::file_type::not_found) fail_on_file(file, "no such file");
  if (problem) fail_on_file(file, "cannot be opened: " + problem.message());
  if (!std::filesystem::is_regular_file(status)) fail_on_file(file, "not a regular file");
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) fail_on_file(file, "cannot be opened: " + system_message(errno));
  return in;
}

npy_header read_npy_header(std::istream& in, const std::string& file) {
  const std::int64_t begin = static_cast<std::int64_t>(in.tellg());
  const std::int64_t available = bytes_left(in, file);
  const std::int64_t front = static_cast<std::int64_t>(npy_magic.size()) + 2;
  const std::string start = read_bytes(in, std::min(available, front), file);
  if (start.substr(0, npy_magic.size()) != npy_magic) {
    fail_on_file(file, "not a .npy file: it does not begin with \\x93NUMPY");
  }
  if (available < front) fail_on_file(file, "truncated: it ends before the version");
  const int major = static_cast<unsigned char>(start[npy_magic.size()]);
  const int minor = static_cast<unsigned char>(start[npy_magic.size() + 1]);
  if (major < 1 || major > 3 || minor != 0) {
    fail_on_file(file, "version " + std::to_string(major) + '.' + std::to_string(minor) +
                           " of the format is not supported");
  }
  const std::int64_t length_bytes = major == 1 ? 2 : 4;
  if (available < front + length_bytes) fail_on_file(file, "truncated: it ends before the header");
  std::int64_t length = 0;
  int shift = 0;
  for (char c : read_bytes(in, length_bytes, file)) {
    length |= static_cast<std::int64_t>(static_cast<unsigned char>(c)) << shift;
    shift += 8;
  }
  const std::int64_t offset = front + length_bytes + length;
  if (offset > available) {
    fail_on_file(file, "truncated: a header of " + bytes_text(length) + " is promised, " +
                           bytes_text(available - front - length_bytes) + " follow");
  }
  if (length > longest_header) {
    fail_on_file(file, "malformed header: its " + bytes_text(length) + " are more than " +
                           std::to_string(longest_header));
  }
  npy_header header = detail::parse_npy_dictionary(read_bytes(in, length, file), file);
  header.data_offset = begin + offset;
  const std::int64_t needed = npy_data_bytes(header);
  if (needed > available - offset) {
    fail_on_file(file, "truncated: " + std::string(name_of(header.type)) + " of shape " +
                           to_string(header.sizes) + " takes " + bytes_text(needed) + ", " +
                           bytes_text(available - offset) + " follow the header");
  }
  return header;
}

void read_npy_data(std::istream& in, const npy_header& header, void* destination,
                   const std::string& file) {
  const std::int64_t bytes = npy_data_bytes(header);
  char* const begin = static_cast<char*>(destination);
  if (bytes == 0) return;
  in.seekg(header.data_offset);
  if (!in.read(begin, bytes)) {
    fail_on_file(file, "cannot be read, or truncated since it was opened");
  }
  if (header.type == dtype::boolean) {
    std::transform(begin, begin + bytes, begin, [](char c) { return c == 0 ? '\0' : '\1'; });
  }
}

void write_npy(const std::string& file, dtype type, const shape& sizes, bool fortran_order,
               const void* data) {
  namespace fs = std::filesystem;
  const std::int64_t bytes = npy_bytes(type, sizes, file);
  std::error_code problem;
  fs::path target = file;
  if (fs::is_symlink(fs::symlink_status(target, problem))) {
    target = fs::canonical(file, problem);
    if (problem) fail_on_file(file, "the link cannot be followed: " + problem.message());
  }
  // A pipe or a device must not be replaced by a file.
  const fs::file_status status = fs::status(target, problem);
  if (fs::exists(status) && !fs::is_regular_file(status)) fail_on_file(file, "not a regular file");

  std::random_device random;
  temporary_file temporary{target};
  temporary.path += "." + std::to_string(random()) + std::to_string(random()) + ".tmp";
  errno = 0;
  std::ofstream out(temporary.path, std::ios::binary);
  if (!out) fail_on_file(file, "cannot be created: " + system_message(errno));
  const std::string front = npy_front(type, sizes, fortran_order);
  out.write(front.data(), static_cast<std::streamsize>(front.size()));
  if (bytes > 0) out.write(static_cast<const char*>(data), bytes);
  out.close();
  if (!out) fail_on_file(file, "cannot be written: " + system_message(errno));
  if (fs::exists(status)) fs::permissions(temporary.path, status.permissions(), problem);
  fs::rename(temporary.path, target, problem);
  if (problem) fail_on_file(file, "cannot be written: " + problem.message());
}

}  // namespace numfuse
