// All of numfuse.
#pragma once

#include <numfuse/creation.hpp>
#include <numfuse/functions.hpp>
#include <numfuse/fuse.hpp>
#include <numfuse/io.hpp>
#include <numfuse/linalg.hpp>
#include <numfuse/stream.hpp>
#include <numfuse/tensor.hpp>
#include <numfuse/threads.hpp>
