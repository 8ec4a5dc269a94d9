# What every target is compiled with.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Carried by our own targets only: third-party sources are not ours to lint.
add_library(dunlin_compile_options INTERFACE)
target_compile_options(dunlin_compile_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Wcast-qual -Wformat=2 -Wimplicit-fallthrough -Wno-missing-field-initializers
  $<$<BOOL:${DUNLIN_WERROR}>:-Werror>
  # libstdc++ 12's std::stable_sort calls what it deprecates itself; only clang tells.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-error=deprecated-declarations>)
target_include_directories(dunlin_compile_options INTERFACE ${PROJECT_SOURCE_DIR})

# Hardening. tests/e2e/test_hardening.py reads the result in the program; SECURITY.md says why.
include(CheckCXXCompilerFlag)
add_compile_options(-fstack-protector-strong -fno-omit-frame-pointer)
foreach(flag -fstack-clash-protection -fcf-protection=full)  # Not on every processor.
  string(MAKE_C_IDENTIFIER "DUNLIN_HAS${flag}" has_flag)
  check_cxx_compiler_flag(${flag} ${has_flag})
  if(${has_flag})
    add_compile_options(${flag})
  endif()
endforeach()
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)
if(DUNLIN_SANITIZE)
  add_compile_options(-fsanitize=${DUNLIN_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DUNLIN_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")  # It needs an optimising compiler.
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -pie")
