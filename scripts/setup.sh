# shellcheck shell=bash
# What the commands share: installing what is missing, finding the CUDA Toolkit and the GPU.
# To be sourced, in the root of the repository.

step() { printf '\n== %s\n' "$*"; }

has_command() { command -v "$1" >/dev/null; }

has_package() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

has_gpu() { nvidia-smi -L 2>/dev/null | grep -q '^GPU'; }

# The path of the CUDA compiler, or nothing.
find_nvcc() {
  if has_command nvcc; then
    command -v nvcc
  elif [[ -x /usr/local/cuda/bin/nvcc ]]; then
    echo /usr/local/cuda/bin/nvcc
  fi
}

# Installs what numfuse, its tests and its examples are built from, and the packages named, as far as
# they are missing.
install_packages() {
  local missing=() package
  has_command cmake || missing+=(cmake)
  has_command ninja || missing+=(ninja-build)
  has_command g++ || missing+=(g++)
  local libraries=(libgtest-dev libopenblas-dev libstb-dev libcli11-dev "$@")
  [[ -n $(find_nvcc) ]] || libraries+=(libthrust-dev)  # the toolkit has a Thrust of its own

  if ! has_command apt-get; then
    echo "There is no apt-get, so nothing is installed. Needed, under Debian's names:" \
      "cmake ninja-build g++ ${libraries[*]}"
    return
  fi
  for package in "${libraries[@]}"; do
    has_package "$package" || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then
    echo "All packages are installed."
    return
  fi

  local as_root=()
  ((EUID == 0)) || as_root=(sudo)
  echo "Installing: ${missing[*]}"
  "${as_root[@]}" apt-get -qq update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq install --yes --no-install-recommends "${missing[@]}" >/dev/null
}
