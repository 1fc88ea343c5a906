// Trains a softmax regression on 1797 real handwritten digits and says how well it reads others.
// Usage: digits [directory of digits.npy and digits_labels.npy]
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "example.hpp"

#ifndef NUMFUSE_EXAMPLES_DATA
#define NUMFUSE_EXAMPLES_DATA "examples/data"
#endif

namespace {

constexpr std::int64_t classes = 10;
constexpr int epochs = 30;
constexpr std::int64_t batch = 32;
constexpr float rate = 0.5f;

template <class Space>
using matrix = nf::tensor<float, Space>;

// Some of the digits, one a row.
template <class Space>
struct digits {
  matrix<Space> pixels;   // (n, 64), 0 to 1
  matrix<Space> one_hot;  // (n, 10), 1 in the column of the digit that the row shows

  std::int64_t size() const { return pixels.shape()[0]; }
};

// The same order everywhere: std::shuffle may differ from one standard library to the next. The
// seed is the median one of 0 to 10, with which the model reads 95.3 to 97.5 % of the held-out
// digits.
std::vector<std::int64_t> shuffled(std::int64_t n) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 random(6);
  for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[random() % (i + 1)]);
  return order;
}

// Reads the files and splits their rows: four of five to train on, the others held out.
template <class Space>
std::pair<digits<Space>, digits<Space>> load(const std::string& directory) {
  const auto pixels = nf::load_npy<std::uint8_t>(directory + "/digits.npy");         // (1797, 64)
  const auto labels = nf::load_npy<std::uint8_t>(directory + "/digits_labels.npy");  // (1797,)
  const std::vector<std::int64_t> order = shuffled(labels.size());
  const std::int64_t width = pixels.shape()[1];

  const auto rows = [&](std::int64_t first, std::int64_t last) {
    auto x = nf::zeros<float>({last - first, width});
    auto y = nf::zeros<float>({last - first, classes});
    for (std::int64_t i = 0; i < last - first; ++i) {
      const std::int64_t row = order[static_cast<std::size_t>(first + i)];
      for (std::int64_t j = 0; j < width; ++j) {
        x.data()[i * width + j] = static_cast<float>(pixels.data()[row * width + j]) / 16;
      }
      y.data()[i * classes + labels.data()[row]] = 1;
    }
    return digits<Space>{x.template to<Space>(), y.template to<Space>()};
  };
  const std::int64_t split = labels.size() * 4 / 5;
  return {rows(0, split), rows(split, labels.size())};
}

// softmax(x W + b): for each row of x, how likely it is each of the ten digits.
template <class Space>
struct softmax_regression {
  matrix<Space> weights = nf::zeros<float, Space>({64, classes});
  matrix<Space> bias = nf::zeros<float, Space>({classes});

  auto scores(const auto& x) const { return nf::matmul(x, weights) + bias; }

  // One step down the gradient of the mean cross-entropy, which is (p - y) / n at the scores.
  void learn(const auto& x, const auto& y) {
    const auto error = (nf::softmax(scores(x)) - y) / static_cast<float>(x.shape()[0]);
    weights = weights - rate * nf::matmul(x.transpose(), error);
    bias = bias - rate * nf::sum(error, 0);
  }

  float loss(const digits<Space>& d) const {
    return -nf::mean(nf::sum(d.one_hot * nf::log_softmax(scores(d.pixels)), 1)).item();
  }

  // (n,): the digit that the model reads in each row.
  auto read(const digits<Space>& d) const { return nf::argmax(scores(d.pixels), 1); }

  double accuracy(const digits<Space>& d) const {
    return nf::mean(read(d) == nf::argmax(d.one_hot, 1)).item();
  }
};

void show_progress(int done) {
  if (!isatty(STDOUT_FILENO)) return;
  constexpr int width = 40;
  const std::string bar(static_cast<std::size_t>(width * done / epochs), '#');
  std::printf("[%-*s] %d of %d epochs\r", width, bar.c_str(), done, epochs);
  std::fflush(stdout);
}

void clear_progress() {
  if (isatty(STDOUT_FILENO)) std::printf("%-70s\r", "");
}

template <class Space>
void train(softmax_regression<Space>& model, const digits<Space>& known,
           const digits<Space>& held_out) {
  std::printf("%5s %12s %12s %15s %12s\n", "epoch", "train loss", "accuracy", "held-out loss",
              "accuracy");
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    for (std::int64_t i = 0; i < known.size(); i += batch) {
      const nf::slice rows{i, i + batch};  // cut off at the last row, as in Python
      model.learn(known.pixels(rows), known.one_hot(rows));
    }
    clear_progress();
    std::printf("%5d %12.4f %11.2f%% %15.4f %11.2f%%\n", epoch, model.loss(known),
                100 * model.accuracy(known), model.loss(held_out), 100 * model.accuracy(held_out));
    show_progress(epoch);
  }
  clear_progress();
}

// Entry (i, j) counts the held-out digits i that the model read as j.
template <class Space>
void print_confusion(const softmax_regression<Space>& model, const digits<Space>& held_out) {
  const auto digit = nf::argmax(held_out.one_hot, 1).template to<nf::host>();
  const auto read = model.read(held_out).template to<nf::host>();
  auto counts = nf::zeros<std::int64_t>({classes, classes});
  for (std::int64_t i = 0; i < digit.size(); ++i) {
    ++counts.data()[digit.data()[i] * classes + read.data()[i]];
  }
  std::cout << "\nconfusion matrix (row: the digit, column: what was read)\n" << counts << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  const std::string directory = argc > 1 ? argv[1] : NUMFUSE_EXAMPLES_DATA;
  double accuracy = 0;
  const int result = example::run<example::library_has_device>([&]<class Space>(Space) {
    const auto [known, held_out] = load<Space>(directory);
    std::cout << known.size() << " digits to train on, " << held_out.size() << " held out\n\n";
    softmax_regression<Space> model;
    train(model, known, held_out);
    print_confusion(model, held_out);
    accuracy = model.accuracy(held_out);
    std::printf("\nheld-out accuracy: %.2f%%\n", 100 * accuracy);
  });
  return result == 0 && accuracy >= 0.95 ? 0 : 1;
}
