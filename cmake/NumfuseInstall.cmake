# What an installation holds: the library, its headers, the CUDA executor's kernels for users' own
# formulas, and the files by which find_package(numfuse) finds them.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS numfuse EXPORT numfuseTargets)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/numfuse DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(NUMFUSE_HAS_CUDA)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/cuda/
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/numfuse/cuda
          FILES_MATCHING PATTERN "*.cuh" PATTERN "compile.cuh" EXCLUDE)
endif()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/numfuse)
install(EXPORT numfuseTargets NAMESPACE numfuse:: DESTINATION ${package})
string(REPLACE ";" " " NUMFUSE_GENCODE_TEXT "${NUMFUSE_GENCODE}")
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/numfuseConfig.cmake.in
  ${PROJECT_BINARY_DIR}/numfuseConfig.cmake
  INSTALL_DESTINATION ${package})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/numfuseConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/numfuseConfig.cmake
              ${PROJECT_BINARY_DIR}/numfuseConfigVersion.cmake DESTINATION ${package})
