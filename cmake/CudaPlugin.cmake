# The CUDA plugin (built if scripts/setup/setup.mjs found nvcc) and the shim (the plugin's kernels compiled for the CPU).

set(NVCC "" CACHE FILEPATH "nvcc of CUDA 13, empty to build without the CUDA plugin")
set(CUDA_INCLUDE "" CACHE PATH "Folder with cuda_runtime.h of the same CUDA version")

set(CUDA_KERNELS ${CMAKE_SOURCE_DIR}/binding/cuda/crop_augment.cu ${CMAKE_SOURCE_DIR}/binding/cuda/philox.cu)

# Built on demand by the test that needs it. It has its own folder because everything in Release is packaged.
add_library(nodule_shim MODULE EXCLUDE_FROM_ALL binding/cuda/shim/shim.cc binding/cuda/operators.cc ${CUDA_KERNELS}
  ${GLIBC_FLOOR})
set_source_files_properties(${CUDA_KERNELS} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS "-x;c++")
set_target_properties(nodule_shim PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/shim)
target_include_directories(nodule_shim PRIVATE ${CMAKE_SOURCE_DIR}/binding)
target_include_directories(nodule_shim SYSTEM PRIVATE ${TORCH_ROOT}/include)
target_compile_options(nodule_shim PRIVATE ${COMMON_OPTIONS} ${GLIBC_FLOOR_INCLUDE})
target_link_directories(nodule_shim PRIVATE ${TORCH_ROOT}/lib)
target_link_libraries(nodule_shim PRIVATE torch_cpu c10)
target_link_options(nodule_shim PRIVATE -Wl,--allow-shlib-undefined)

if(NVCC STREQUAL "")
  return()
endif()

# Not enable_language(CUDA): its compiler check needs a lib64 folder that the wheels lack, and a broken nvcc would stop
# the whole build.
file(GLOB KERNEL_HEADERS CONFIGURE_DEPENDS binding/cuda/*.h binding/nodule/*.h)
foreach(kernel ${CUDA_KERNELS})
  get_filename_component(name ${kernel} NAME_WE)
  set(object ${CMAKE_BINARY_DIR}/cuda/${name}.o)
  add_custom_command(OUTPUT ${object}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/cuda
    # -fmad=false and -ffp-contract=off: bit-identical to the CPU. PTX for the oldest architecture covers newer GPUs.
    COMMAND ${NVCC} -std=c++17 -O3 -fmad=false --compiler-bindir ${CMAKE_CXX_COMPILER}
      -Xcompiler=-fPIC,-fvisibility=hidden,-ffp-contract=off,-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.
      -I${CMAKE_SOURCE_DIR}/binding -I${CUDA_INCLUDE}
      -gencode arch=compute_75,code=[sm_75,compute_75] -gencode arch=compute_80,code=sm_80
      -gencode arch=compute_90,code=sm_90 -gencode arch=compute_100,code=sm_100 -gencode arch=compute_120,code=sm_120
      -c binding/cuda/${name}.cu -o ${object}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} DEPENDS ${kernel} ${KERNEL_HEADERS} VERBATIM)
  list(APPEND CUDA_OBJECTS ${object})
endforeach()

# Empty libraries with the real names, to link against: the CPU libtorch that the build downloads lacks libtorch_cuda,
# and all symbols are resolved when the plugin is opened.
set(stub_source ${CMAKE_BINARY_DIR}/cuda/stub.cc)
file(WRITE ${stub_source} "")
foreach(stub torch_cuda c10_cuda cudart)
  add_library(stub_${stub} SHARED ${stub_source})
  set_target_properties(stub_${stub} PROPERTIES OUTPUT_NAME ${stub} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/cuda/stubs)
endforeach()
set_target_properties(stub_cudart PROPERTIES NO_SONAME ON)
target_link_options(stub_cudart PRIVATE -Wl,-soname,libcudart.so.13)

add_library(nodule_cuda MODULE binding/cuda/plugin.cc binding/cuda/graph.cc binding/cuda/operators.cc
  binding/cuda/device.cc ${CUDA_OBJECTS} ${GLIBC_FLOOR})
set_target_properties(nodule_cuda PROPERTIES PREFIX "" LINKER_LANGUAGE CXX)
target_include_directories(nodule_cuda PRIVATE ${CMAKE_SOURCE_DIR}/binding)
target_include_directories(nodule_cuda SYSTEM PRIVATE ${TORCH_ROOT}/include
  ${TORCH_ROOT}/include/torch/csrc/api/include ${CUDA_INCLUDE})
target_compile_options(nodule_cuda PRIVATE ${COMMON_OPTIONS} ${GLIBC_FLOOR_INCLUDE})
target_link_directories(nodule_cuda PRIVATE ${TORCH_ROOT}/lib)
target_link_options(nodule_cuda PRIVATE -Wl,--no-as-needed -Wl,--allow-shlib-undefined -Wl,-z,nodelete)
target_link_libraries(nodule_cuda PRIVATE stub_torch_cuda stub_c10_cuda stub_cudart torch_cpu c10)
