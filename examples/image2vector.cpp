// Decodes a picture, unrolls it into one column of numbers, normalises them and writes them as
// .npy. image2vector --help lists the options.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#include <stb/stb_image.h>

#include "example.hpp"

#ifndef NUMFUSE_EXAMPLES_DATA
#define NUMFUSE_EXAMPLES_DATA "examples/data"
#endif

namespace {

// The pixels of a PNG or JPEG file, 0 to 255: (height, width, channels).
nf::host_tensor<std::uint8_t> read_image(const std::string& file) {
  int width = 0;
  int height = 0;
  int channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load(file.c_str(), &width, &height, &channels, 0), stbi_image_free);
  if (!pixels) throw nf::io_error(file + ": " + stbi_failure_reason());
  const nf::shape s{height, width, channels};
  return {s, pixels.get(), pixels.get() + s.size()};
}

// What comes out has mean 0 and standard deviation 1; a picture of one colour becomes all zeros.
template <class X>
auto standardize(const X& x) {
  const auto centred = x - nf::mean(x);
  return centred / nf::maximum(nf::std(x), 1e-6f);
}

template <class Space>
void convert(const std::string& file, const std::string& normalization, const std::string& output) {
  const auto image = read_image(file);
  const auto vector = nf::image2vector(nf::astype<float>(image.to<Space>()));
  std::cout << file << ": image of shape " << image.shape() << ", vector of shape "
            << vector.shape() << '\n';

  const auto normalized = normalization == "unit" ? vector / 255 : standardize(vector);
  const auto first = nf::slice{0, 6};
  std::cout << "the first values:\n"
            << vector(first).transpose() << '\n'
            << "normalised (" << normalization << "):\n"
            << normalized(first).transpose() << '\n'
            << "from " << nf::min(normalized) << " to " << nf::max(normalized) << ", mean "
            << nf::mean(normalized) << '\n';

  nf::save_npy(output, normalized);
  std::cout << "written to " << output << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  std::string file = NUMFUSE_EXAMPLES_DATA "/picture.png";
  std::string normalization = "unit";
  std::string output = "image2vector.npy";

  CLI::App options("Unrolls a picture into a normalised vector and writes it as .npy.");
  options.add_option("image", file, "a PNG or JPEG file")->check(CLI::ExistingFile);
  options
      .add_option("-n,--normalize", normalization, "unit: divide by 255; standard: mean 0, std 1")
      ->check(CLI::IsMember({"unit", "standard"}))
      ->capture_default_str();
  options.add_option("-o,--output", output, "the file to write")->capture_default_str();
  CLI11_PARSE(options, argc, argv);

  return example::run<example::library_has_device>(
      [&]<class Space>(Space) { convert<Space>(file, normalization, output); });
}
