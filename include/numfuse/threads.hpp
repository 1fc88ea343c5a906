// How many of the CPU's cores numfuse uses.
#pragma once

namespace numfuse {

/// The most threads that a call on the host uses, BLAS aside: what set_num_threads said, else the
/// environment variable NUMFUSE_NUM_THREADS, else OpenMP's choice (OMP_NUM_THREADS, or all cores).
/// Small calls stay on the calling thread. Results do not depend on it. At most 4096. Throws
/// value_error where the variable is not a positive number.
int num_threads();

/// For all calls from now on, from any thread. Throws value_error where n < 1.
void set_num_threads(int n);

}  // namespace numfuse
