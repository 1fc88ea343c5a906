// Tensors that end where memory does: neither what is read nor what is written goes beyond.
#include <algorithm>
#include <cstdint>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <numfuse/numfuse.hpp>

namespace numfuse::tests {
namespace {

// Memory for numbers, with pages before and after it that nobody may touch.
template <class T>
class guarded {
 public:
  explicit guarded(std::int64_t count)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
        inner_((static_cast<std::size_t>(count) * sizeof(T) + page_ - 1) / page_ * page_),
        count_(static_cast<std::size_t>(count)) {
    void* const all =
        mmap(nullptr, inner_ + 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<unsigned char*>(all);
    if (mprotect(base_ + page_, inner_, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  }
  ~guarded() { munmap(base_, inner_ + 2 * page_); }
  guarded(const guarded&) = delete;
  guarded& operator=(const guarded&) = delete;

  T* at_begin() const { return reinterpret_cast<T*>(base_ + page_); }
  T* at_end() const { return reinterpret_cast<T*>(base_ + page_ + inner_) - count_; }

 private:
  std::size_t page_, inner_, count_;
  unsigned char* base_;
};

template <class T>
class memory_end : public ::testing::Test {};
using dtypes = ::testing::Types<float, double, std::int32_t, std::uint8_t>;
TYPED_TEST_SUITE(memory_end, dtypes);

// The formula's result, made at either end of memory from numbers there, is that of tensors.
template <class F, class T>
void check(const F& formula, const host_tensor<T>& x, int axis = -1) {
  const auto expected = fuse(formula).along(axis)(x);
  using R = typename decltype(expected)::value_type;
  const guarded<T> in(x.size());
  const guarded<R> out(expected.size());
  for (const bool end : {true, false}) {
    T* const from = end ? in.at_end() : in.at_begin();
    R* const to = end ? out.at_end() : out.at_begin();
    std::copy(x.data(), x.data() + x.size(), from);
    const tensor_view<R, host> result(to, expected.shape());
    fuse(formula).along(axis).into(result, tensor_view<const T, host>(from, x.shape()));
    EXPECT_TRUE(std::equal(to, to + expected.size(), expected.data()))
        << F::name << " of " << to_string(x.shape()) << " along axis " << axis
        << (end ? " at the end" : " at the beginning");
  }
}

TYPED_TEST(memory_end, Rows) {
  for (const std::int64_t rows : {1, 3, 70}) {
    for (const std::int64_t length :
         {1, 7, 16, 33, 63, 64, 65, 79, 80, 100, 127, 129, 300, 1000, 2047, 2500, 20001}) {
      if (rows * length > 200000) continue;
      const auto x = astype<TypeParam>(100 * random_uniform<float, host>({rows, length}, 1));
      check(formulas::sum_formula{}, x);
      check(formulas::max_formula{}, x);
      check(formulas::argmax_formula{}, x);
      check(formulas::square_formula{}, x);
      if constexpr (std::is_floating_point_v<TypeParam>) {
        check(formulas::norm_formula{}, x);
        check(formulas::var_formula{}, x);
        check(formulas::exp_formula{}, x / TypeParam(100));
        check(formulas::softmax_formula{}, x);
        check(formulas::normalize_rows_formula{}, x);
      }
    }
  }
}

// Of columns that are no whole group, numbers of the next row are read, too, where there is one.
TYPED_TEST(memory_end, Columns) {
  for (const std::int64_t rows : {1, 2, 5, 60, 129, 1000, 3000}) {
    for (const std::int64_t columns : {1, 2, 3, 7, 8, 10, 15, 16, 17, 24, 31, 33, 100}) {
      const auto x = astype<TypeParam>(100 * random_uniform<float, host>({rows, columns}, 1));
      check(formulas::sum_formula{}, x, 0);
      check(formulas::max_formula{}, x, 0);
      check(formulas::argmax_formula{}, x, 0);
      if constexpr (std::is_floating_point_v<TypeParam>) {
        check(formulas::var_formula{}, x, 0);
        check(formulas::softmax_formula{}, x / TypeParam(100), 0);
      }
    }
  }
}

// Lines are fetched before they are asked for, beyond the end, too: that reads nothing, and changes
// no result.
TYPED_TEST(memory_end, RowsThatAreFetchedAhead) {
  for (const shape& s : {shape{600, 1001}, shape{3, 200200}}) {
    const auto x = astype<TypeParam>(100 * random_uniform<float, host>(s, 1));
    check(formulas::sum_formula{}, x);
    check(formulas::max_formula{}, x);
    if constexpr (std::is_floating_point_v<TypeParam>) {
      check(formulas::norm_formula{}, x);
      check(formulas::normalize_rows_formula{}, x);
    }
  }
  const auto x = astype<TypeParam>(100 * random_uniform<float, host>({600, 1001}, 1));
  const auto sums = sum(x, -1);
  for (std::int64_t i = 0; i < 600; i += 100) {  // too few to be worth it
    const auto some = x(slice{i, i + 100});
    const auto own = sum(some, -1);
    EXPECT_TRUE(std::equal(own.begin(), own.end(), sums.begin() + i)) << "from row " << i;
  }
}

}  // namespace
}  // namespace numfuse::tests
