# What clang is told of where a release spends its time: proxy/profile.proftext, counts of each
# function's branches under load, made by `./run profile` and kept as text. A function that has
# changed since is compiled without its counts, and so is all of it by gcc, which is only slower.
include(CheckCCompilerFlag)
set(PROFILE use CACHE STRING "use: the kept profile; generate: a program that writes one; off")

if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
  target_compile_options(build_flags INTERFACE -gdwarf-4) # valgrind 3.19 reads no later one
  find_program(LLD ld.lld)
  find_program(LLVM_PROFDATA llvm-profdata)
  if(LLD)
    target_link_options(build_flags INTERFACE -fuse-ld=lld)
  else()
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION OFF)
  endif()
  if(NOT LLD OR NOT LLVM_PROFDATA)
    message(WARNING "lld or llvm-profdata is missing: the program becomes slower. ./run install build brings them.")
  endif()
  check_c_compiler_flag("-mllvm;-static-func-full-module-prefix=false" HAS_SHORT_NAMES)
  if(HAS_SHORT_NAMES) # Static functions are named by their file, not by where it lies.
    target_compile_options(build_flags INTERFACE "SHELL:-mllvm -static-func-full-module-prefix=false")
  endif()
  if(PROFILE STREQUAL "generate")
    target_compile_options(build_flags INTERFACE -fprofile-generate -fprofile-update=atomic)
    target_link_options(build_flags INTERFACE -fprofile-generate)
  elseif(PROFILE STREQUAL "use" AND LLVM_PROFDATA)
    set(kept ${PROJECT_SOURCE_DIR}/proxy/profile.proftext)
    file(SHA256 ${kept} digest) # Another profile is another command line: all is compiled anew.
    set(profile ${PROJECT_BINARY_DIR}/profile-${digest}.profdata)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${kept})
    execute_process(COMMAND ${LLVM_PROFDATA} merge -o ${profile} ${kept} COMMAND_ERROR_IS_FATAL ANY)
    target_compile_options(build_flags INTERFACE -fprofile-use=${profile}
      -Wno-profile-instr-out-of-date -Wno-profile-instr-unprofiled -Wno-backend-plugin)
  endif()
endif()
