# Adds the operations on the host to the library, compiled for several instruction sets, of which the
# library chooses one when it runs. A build with sanitizers is there to check the code, not to be fast.
set(families src/elementwise.cpp src/reductions.cpp src/softmax.cpp src/sequences.cpp)
set(isas baseline)
set(NUMFUSE_HAS_WIDE_ISAS 0)
# As fast as -O3 here, in two thirds of the time to compile it.
set(speed_options $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-O2;-ftree-vectorize;-fvect-cost-model=dynamic;-fpeel-loops>)
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  set(speed_options -O0)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND isas avx2 avx512)
  set(NUMFUSE_HAS_WIDE_ISAS 1)
endif()
set(avx2_options -mavx2 -mfma -mf16c -mbmi2)
# Left alone, the compiler would use half of the registers' width.
set(avx512_options -march=x86-64-v4 -mprefer-vector-width=512)

target_compile_definitions(numfuse PRIVATE NUMFUSE_HAS_WIDE_ISAS=${NUMFUSE_HAS_WIDE_ISAS})
foreach(isa IN LISTS isas)
  set(code numfuse_${isa})
  add_library(${code} OBJECT ${families})
  target_compile_features(${code} PRIVATE cxx_std_20)
  # Nobody looks at errno or at the floating-point flags; minding them would keep the compiler from
  # making vector instructions of loops.
  target_compile_options(${code} PRIVATE -Wall -Wextra -Wno-restrict
    -fno-math-errno -fno-trapping-math ${${isa}_options} ${speed_options})
  target_compile_definitions(${code} PRIVATE NUMFUSE_LIBRARY_ISA=${isa}
    $<TARGET_PROPERTY:numfuse,COMPILE_DEFINITIONS>)
  target_include_directories(${code} PRIVATE $<TARGET_PROPERTY:numfuse,INCLUDE_DIRECTORIES>)
  target_sources(numfuse PRIVATE $<TARGET_OBJECTS:${code}>)
endforeach()
target_sources(numfuse_baseline PRIVATE src/conversions.cpp)
