# Finds the CUDA Toolkit and adds the device space to the library: the CUDA executor where there is a
# toolkit, else the part that says that there is none.

set(NUMFUSE_HAS_CUDA 0)
set(NUMFUSE_HAS_GPU OFF)
if(NOT NUMFUSE_CUDA STREQUAL "OFF")
  # The toolkit's usual home is not on everybody's PATH.
  find_program(NUMFUSE_NVCC nvcc HINTS ENV CUDACXX ENV CUDA_PATH /usr/local/cuda
               PATH_SUFFIXES bin)
  if(NUMFUSE_NVCC)
    set(CMAKE_CUDA_COMPILER ${NUMFUSE_NVCC} CACHE FILEPATH "nvcc")
    # "9.0", a line for each GPU.
    execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
                    RESULT_VARIABLE result OUTPUT_VARIABLE gpus ERROR_QUIET)
    if(result EQUAL 0)
      string(REGEX MATCHALL "[0-9]+\\.[0-9]" gpus "${gpus}")
      list(REMOVE_DUPLICATES gpus)
      list(TRANSFORM gpus REPLACE "\\." "")
    else()
      set(gpus)
    endif()
    if(gpus)
      set(NUMFUSE_HAS_GPU ON)
    endif()
    # Machine code for this machine's GPUs; where it has none, code for any that may come (below), for
    # which CMake has no list that would not compile once more.
    if(NOT CMAKE_CUDA_ARCHITECTURES)
      set(CMAKE_CUDA_ARCHITECTURES OFF)
      if(gpus)
        set(CMAKE_CUDA_ARCHITECTURES ${gpus})
      endif()
    endif()
    enable_language(CUDA)
    # CMake 3.25 does not know that this nvcc takes C++20.
    if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
      set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
      set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
    endif()
    set(CMAKE_CUDA_STANDARD 20)
    set(CMAKE_CUDA_STANDARD_REQUIRED ON)
    set(CMAKE_CUDA_EXTENSIONS OFF)
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${PROJECT_SOURCE_DIR}/cmake/ptxas-report)
    find_package(CUDAToolkit REQUIRED)
    set(NUMFUSE_HAS_CUDA 1)
  elseif(NUMFUSE_CUDA STREQUAL "ON")
    message(FATAL_ERROR "NUMFUSE_CUDA=ON, but no nvcc was found; set CUDACXX to its path")
  endif()
endif()
if(NUMFUSE_HAS_CUDA)
  message(STATUS "numfuse: host and CUDA ${CUDAToolkit_VERSION}")
else()
  message(STATUS "numfuse: host alone")
endif()

function(numfuse_add_device library)
  target_compile_definitions(${library} PUBLIC NUMFUSE_HAS_CUDA=${NUMFUSE_HAS_CUDA})
  if(NOT NUMFUSE_HAS_CUDA)
    target_sources(${library} PRIVATE src/no_device.cpp)
    return()
  endif()
  target_sources(${library} PRIVATE
    cuda/blas.cu
    cuda/conversions.cu
    cuda/device.cu
    cuda/elementwise.cu
    cuda/memory.cu
    cuda/reductions.cu
    cuda/sequences.cu
    cuda/softmax.cu)
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    # PTX that the driver compiles for every GPU since Turing, and for Hopper, which knows clusters,
    # machine code and PTX of its own. Only where formulas of several levels are compiled do clusters
    # matter: for the other files one compilation does for both.
    set_source_files_properties(cuda/device.cu cuda/softmax.cu PROPERTIES COMPILE_OPTIONS
      "-gencode=arch=compute_75,code=compute_75;-gencode=arch=compute_90,code=[compute_90,sm_90]")
    set_source_files_properties(cuda/conversions.cu cuda/elementwise.cu cuda/reductions.cu
      cuda/sequences.cu PROPERTIES COMPILE_OPTIONS "-gencode=arch=compute_75,code=[compute_75,sm_90]")
    # The tests and examples to come: one architecture shows that they compile.
    add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:-gencode=arch=compute_90,code=sm_90>")
  endif()
  # Kernels are included as <numfuse/cuda/...>, from the build tree as from an installation.
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/include/numfuse)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/cuda ${PROJECT_BINARY_DIR}/include/numfuse/cuda SYMBOLIC)
  target_include_directories(${library} PUBLIC $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>)
  # Formulas call the standard library's constexpr functions on both sides.
  target_compile_options(${library} PUBLIC
    $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr>)
  target_link_libraries(${library} PUBLIC CUDA::cudart_static PRIVATE CUDA::cublas)
endfunction()
