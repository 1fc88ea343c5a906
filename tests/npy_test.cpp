// The .npy format: round trips, files as NumPy writes them, and what is wrong with bad ones.
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <numfuse/npy.hpp>

namespace numfuse {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

constexpr dtype all_dtypes[] = {dtype::float32, dtype::float64, dtype::float16, dtype::bfloat16,
                                dtype::int32,   dtype::int64,   dtype::uint8,   dtype::boolean};

/// A directory of its own for each test.
class npy : public testing::Test {
 protected:
  npy() : directory_(fs::path(testing::TempDir()) / name_of_test()) {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  ~npy() override { fs::remove_all(directory_); }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory_), {}));
  }

 private:
  static std::string name_of_test() {
    return "numfuse_npy_" +
           std::string(testing::UnitTest::GetInstance()->current_test_info()->name());
  }
  fs::path directory_;
};

std::string content(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A file made by hand: the length of the header as its version writes it, nothing padded.
std::string made(int major, std::string_view header, std::string_view data = "", int minor = 0) {
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(major);
  bytes += static_cast<char>(minor);
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) {
    bytes += static_cast<char>((header.size() >> (8 * i)) & 0xff);
  }
  return bytes.append(header).append(data);
}

struct loaded {
  npy_header header;
  std::string data;
};

loaded load(std::istream& in, const std::string& name) {
  loaded result{read_npy_header(in, name), {}};
  result.data.resize(static_cast<std::size_t>(npy_data_bytes(result.header)));
  read_npy_data(in, result.header, result.data.data(), name);
  return result;
}

loaded load_bytes(const std::string& bytes) {
  std::istringstream in(bytes);
  return load(in, "made.npy");
}

/// The message of the io_error that loading these bytes ends in.
std::string error_of(const std::string& bytes) {
  try {
    load_bytes(bytes);
  } catch (const io_error& e) {
    return e.what();
  }
  return "no error";
}

template <class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const io_error& e) {
    return e.what();
  }
  return "no error";
}

TEST_F(npy, every_dtype_returns_as_it_was_written) {
  for (dtype type : all_dtypes) {
    for (bool fortran_order : {false, true}) {
      for (const shape& sizes : {shape{}, shape{0}, shape{7}, shape{2, 3},
                                 shape{1, 2, 3, 1, 2, 1, 1, 2}, shape{3, 0, 2}, shape{1000, 33}}) {
        const npy_header written{type, sizes, fortran_order, 0};
        std::string data(static_cast<std::size_t>(npy_data_bytes(written)), '\0');
        for (std::size_t i = 0; i < data.size(); ++i) {
          data[i] = static_cast<char>(type == dtype::boolean ? i % 2 : i * 37);
        }
        const std::string file = path("round.npy");
        write_npy(file, type, sizes, fortran_order, data.data());
        std::ifstream in = open_npy(file);
        const loaded read = load(in, file);
        EXPECT_EQ(read.header.type, type) << name_of(type);
        EXPECT_EQ(read.header.sizes, sizes) << name_of(type);
        EXPECT_EQ(read.header.fortran_order, fortran_order) << name_of(type);
        EXPECT_EQ(read.header.data_offset % 64, 0) << name_of(type);
        EXPECT_EQ(read.data, data) << name_of(type) << ' ' << sizes;
      }
    }
  }
  EXPECT_EQ(files(), 1U) << "a temporary file was left";
}

// np.save("a.npy", np.arange(6, dtype="i4").reshape(2, 3)); open("a.npy", "rb").read()
TEST_F(npy, writes_the_bytes_of_numpy) {
  const std::int32_t data[] = {0, 1, 2, 3, 4, 5};
  write_npy(path("a.npy"), dtype::int32, {2, 3}, false, data);
  const std::string header =
      "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }" + std::string(58, ' ') + '\n';
  const std::string numbers(reinterpret_cast<const char*>(data), sizeof data);
  EXPECT_EQ(content(path("a.npy")), "\x93NUMPY\x01\x00\x76\x00"s + header + numbers);
}

TEST_F(npy, names_each_dtype_as_numpy_does) {
  // np.dtype(t).str for t in the order of `all_dtypes`; of ml_dtypes.bfloat16 np.save writes '<V2'.
  const std::string names[] = {"<f4", "<f8", "<f2", "<V2", "<i4", "<i8", "|u1", "|b1"};
  for (std::size_t i = 0; i < std::size(names); ++i) {
    const double data = 0;
    write_npy(path("a.npy"), all_dtypes[i], {}, true, &data);
    const std::string start = "{'descr': '" + names[i] + "', 'fortran_order': True, 'shape': (), }";
    EXPECT_EQ(content(path("a.npy")).substr(10, start.size()), start);
  }
}

TEST_F(npy, reads_versions_one_to_three) {
  const std::string header = "{'descr': '<i4', 'fortran_order': True, 'shape': (1, 2), }\n";
  for (int major : {1, 2, 3}) {
    const loaded read = load_bytes(made(major, header, "\x01\x00\x00\x00\xff\xff\xff\xff"s));
    EXPECT_EQ(read.header.type, dtype::int32);
    EXPECT_EQ(read.header.sizes, (shape{1, 2}));
    EXPECT_TRUE(read.header.fortran_order);
    EXPECT_EQ(read.header.data_offset, static_cast<int>(header.size()) + (major == 1 ? 10 : 12));
    EXPECT_EQ(read.data, "\x01\x00\x00\x00\xff\xff\xff\xff"s);
  }
}

TEST_F(npy, reads_any_spelling_of_the_header) {
  for (const char* header : {
           "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
           "{'descr':'<f4','fortran_order':False,'shape':(2,)}",
           "  { \"shape\" : ( 2 , ) , \"descr\" : \"<f4\" , \"fortran_order\" : False }  \n\n",
           "{'fortran_order': False, 'shape': (2L,), 'descr': 'f4'}",
           "{'shape': (2,), 'fortran_order': False, 'descr': '=f4',}",
       }) {
    const npy_header read = load_bytes(made(1, header, "12345678")).header;
    EXPECT_EQ(read.type, dtype::float32) << header;
    EXPECT_EQ(read.sizes, (shape{2})) << header;
    EXPECT_FALSE(read.fortran_order) << header;
  }
}

TEST_F(npy, reads_any_spelling_of_a_dtype) {
  const auto type_of = [](const std::string& name) {
    return load_bytes(made(1, "{'descr': '" + name + "', 'fortran_order': False, 'shape': (0,)}"))
        .header.type;
  };
  for (const char* name : {"|u1", "<u1", ">u1", "u1"}) EXPECT_EQ(type_of(name), dtype::uint8);
  for (const char* name : {"|b1", "?", "|?", "b1"}) EXPECT_EQ(type_of(name), dtype::boolean);
  for (const char* name : {"<V2", "|V2", "V2"}) EXPECT_EQ(type_of(name), dtype::bfloat16);
}

TEST_F(npy, reads_from_the_position_of_the_stream_and_ignores_what_follows) {
  const std::string one =
      made(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}", "\x01\x02"s);
  std::istringstream in("before" + one + one);
  in.seekg(6);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(load(in, "two.npy").data, "\x01\x02"s);
}

TEST_F(npy, booleans_become_zero_or_one) {
  const std::string header = "{'descr': '|b1', 'fortran_order': False, 'shape': (4,)}";
  EXPECT_EQ(load_bytes(made(1, header, "\x00\x01\x02\xff"s)).data, "\x00\x01\x01\x01"s);
}

TEST_F(npy, says_what_is_wrong_with_a_file) {
  const std::string good = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";
  const auto with_shape = [](const std::string& sizes) {
    return made(1, "{'descr': '<f8', 'fortran_order': False, 'shape': " + sizes + "}");
  };
  const auto with_descr = [](const std::string& descr) {
    return made(1, "{'descr': " + descr + ", 'fortran_order': False, 'shape': (0,)}");
  };
  const struct {
    std::string bytes;
    std::string message;
  } cases[] = {
      // The front
      {"", "not a .npy file: it does not begin with \\x93NUMPY"},
      {"\x93NUM", "not a .npy file: it does not begin with \\x93NUMPY"},
      {"PK\x03\x04 and so on", "not a .npy file: it does not begin with \\x93NUMPY"},
      {"\x93NUMPY\x01", "truncated: it ends before the version"},
      {"\x93NUMPY\x02\x00\x10\x00\x00"s, "truncated: it ends before the header"},
      {made(0, good), "version 0.0 of the format is not supported"},
      {made(4, good), "version 4.0 of the format is not supported"},
      {made(1, good, "", 1), "version 1.1 of the format is not supported"},
      {made(1, good).substr(0, 30), "truncated: a header of 57 bytes is promised, 20 bytes follow"},
      {"\x93NUMPY\x02\x00\xff\xff\xff\xff{"s,
       "truncated: a header of 4294967295 bytes is promised, 1 byte follow"},
      {made(2, good + std::string(70000, ' ')),
       "malformed header: its 70057 bytes are more than 65535"},
      // The data
      {made(1, good, "123456789012345"),
       "truncated: float64 of shape (2,) takes 16 bytes, 15 bytes follow the header"},
      {with_shape("(1000000, 1000000)"),
       "truncated: float64 of shape (1000000, 1000000) takes 8000000000000 bytes, 0 bytes follow "
       "the header"},
      {with_shape("(4294967296, 4294967296)"),
       "sizes (4294967296, 4294967296) are too large: their product overflows"},
      {with_shape("(1152921504606846976,)"),
       "sizes (1152921504606846976,) are too large: their product overflows"},
      {with_shape("(0, 4294967296, 4294967296)"),
       "sizes (0, 4294967296, 4294967296) are too large: their product overflows"},
      {with_shape("(9223372036854775808,)"),
       "size '9223372036854775808' is too large: it overflows"},
      {with_shape("(1, 1, 1, 1, 1, 1, 1, 1, 1)"), "more than 8 dimensions"},
      // The dtype
      {with_descr("'>f8'"), "dtype '>f8' is big-endian, which is not supported"},
      {with_descr("'<c16'"), "dtype '<c16' is not supported"},
      {with_descr("'|O'"), "dtype '|O' is not supported"},
      {with_descr("'|f4'"), "dtype '|f4' is not supported"},
      {with_descr("''"), "dtype '' is not supported"},
      {with_descr("'\x01\x02z'"), "dtype '?\?z' is not supported"},
      {with_descr("'" + std::string(100, 'x') + "'"),
       "dtype '" + std::string(40, 'x') + "...' is not supported"},
      {with_descr("[('a', '<f4')]"), "structured dtypes are not supported"},
      {with_descr("8"),
       "malformed header: expected a quoted dtype at character 10, found '8, 'fortran_order': "
       "False, 'shape': (0,)...'"},
      // The dictionary
      {made(1, ""), "malformed header: expected '{' at character 0, found its end"},
      {made(1, "[1]"), "malformed header: expected '{' at character 0, found '[1]'"},
      {made(1, "{}"), "malformed header: no key 'descr'"},
      {made(1, "{'descr': '<f8', 'shape': ()}"), "malformed header: no key 'fortran_order'"},
      {made(1, "{'descr': '<f8', 'fortran_order': True}"), "malformed header: no key 'shape'"},
      {made(1, "{'descr': '<f8', 'descr': '<f8'}"), "malformed header: second key 'descr'"},
      {made(1, "{'order': 'C'}"), "malformed header: unknown key 'order'"},
      {made(1, "{descr: '<f8'}"),
       "malformed header: expected a quoted key or '}' at character 1, found 'descr: '<f8'}'"},
      {made(1, "{'descr"),
       "malformed header: expected a string that ends at character 1, found ''descr'"},
      {made(1, "{'descr' '<f8'}"), "malformed header: expected ':' at character 9, found ''<f8'}'"},
      {made(1, "{'descr': '<f8' 'shape': ()}"),
       "malformed header: expected '}' at character 16, found ''shape': ()}'"},
      {made(1, "{'fortran_order': 1}"),
       "malformed header: expected True or False at character 18, found '1}'"},
      {made(1, good + "x"),
       "malformed header: expected nothing after '}' at character 57, found 'x'"},
      // The shape
      {made(1, "{'shape': 2}"), "malformed header: expected '(' at character 10, found '2}'"},
      {made(1, "{'shape': (2)}"), "malformed header: expected ',' at character 12, found ')}'"},
      {made(1, "{'shape': (,)}"),
       "malformed header: expected a size or ')' at character 11, found ',)}'"},
      {made(1, "{'shape': (-1,)}"),
       "malformed header: expected a size that is not negative at character 11, found '-1,)}'"},
      {made(1, "{'shape': (2.5,)}"),
       "malformed header: expected ',' at character 12, found '.5,)}'"},
      {made(1, "{'shape': (2, 3"), "malformed header: expected ')' at character 15, found its end"},
  };
  for (const auto& [bytes, message] : cases) EXPECT_EQ(error_of(bytes), "made.npy: " + message);
}

TEST_F(npy, every_truncation_is_an_io_error) {
  const double data[] = {1, 2, 3};
  write_npy(path("a.npy"), dtype::float64, {3}, false, data);
  const std::string whole = content(path("a.npy"));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_NE(error_of(whole.substr(0, n)), "no error") << n;
  }
}

TEST_F(npy, says_why_a_file_does_not_open) {
  const auto open = [](const std::string& file) { return message_of([&] { open_npy(file); }); };
  EXPECT_EQ(open(path("none.npy")), path("none.npy") + ": no such file");
  EXPECT_EQ(open(path("")), path("") + ": not a regular file");
  EXPECT_EQ(open("/dev/null"), "/dev/null: not a regular file");
}

TEST_F(npy, says_why_a_file_cannot_be_written) {
  const double x = 1;
  const auto write = [&](const std::string& file, const shape& sizes = {}) {
    return message_of([&] { write_npy(file, dtype::float64, sizes, false, &x); });
  };
  EXPECT_EQ(write(path("none/a.npy")),
            path("none/a.npy") + ": cannot be created: No such file or directory");
  EXPECT_EQ(write(path("")), path("") + ": not a regular file");
  EXPECT_EQ(write("/dev/null"), "/dev/null: not a regular file");
  EXPECT_EQ(
      write(path("a.npy"), {1152921504606846976}),
      path("a.npy") + ": sizes (1152921504606846976,) are too large: their product overflows");
  EXPECT_EQ(files(), 0U);
}

TEST_F(npy, writes_through_a_link) {
  const double x = 1;
  write_npy(path("a.npy"), dtype::float64, {}, false, &x);
  fs::create_symlink(path("a.npy"), path("link.npy"));
  const double y = 2;
  write_npy(path("link.npy"), dtype::float64, {}, false, &y);
  EXPECT_TRUE(fs::is_symlink(path("link.npy")));
  EXPECT_EQ(content(path("a.npy")).substr(128), std::string(reinterpret_cast<const char*>(&y), 8));
}

TEST_F(npy, a_file_that_is_replaced_leaves_its_permissions) {
  const double x = 1;
  write_npy(path("a.npy"), dtype::float64, {}, false, &x);
  const auto ours = fs::perms::owner_read | fs::perms::owner_write;
  fs::permissions(path("a.npy"), ours);
  write_npy(path("a.npy"), dtype::float64, {}, false, &x);
  EXPECT_EQ(fs::status(path("a.npy")).permissions(), ours);
}

/// Lets no file grow beyond a size, as a full disk does, while it lives.
class file_size_limit {
 public:
  explicit file_size_limit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~file_size_limit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST_F(npy, a_failed_write_leaves_the_earlier_file) {
  const std::vector<double> data(10000, 1.5);
  write_npy(path("a.npy"), dtype::float64, {1}, false, data.data());
  const std::string before = content(path("a.npy"));
  std::string message;
  {
    const file_size_limit limit(4096);
    message =
        message_of([&] { write_npy(path("a.npy"), dtype::float64, {10000}, false, data.data()); });
  }
  EXPECT_EQ(message, path("a.npy") + ": cannot be written: File too large");
  EXPECT_EQ(content(path("a.npy")), before);
  EXPECT_EQ(files(), 1U) << "a temporary file was left";
}

}  // namespace
}  // namespace numfuse
