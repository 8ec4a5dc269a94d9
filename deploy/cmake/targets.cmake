# dunlin_library(NAME SOURCES... ): a static library `dunlin_NAME`, alias `dunlin::NAME`.
function(dunlin_library name)
  add_library(dunlin_${name} STATIC ${ARGN})
  add_library(dunlin::${name} ALIAS dunlin_${name})
  target_link_libraries(dunlin_${name} PRIVATE dunlin_compile_options)
  target_include_directories(dunlin_${name} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

# dunlin_test(NAME SOURCES... LIBS libs...): a GoogleTest program, registered with label `unit`.
function(dunlin_test name)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE dunlin_compile_options ${ARG_LIBS} GTest::gmock GTest::gtest_main)
  # Half of what `make test` compiles; what is tested stands in libraries with the preset's own flags.
  target_compile_options(${name} PRIVATE -g1)
  if(DUNLIN_SANITIZE)
    target_compile_options(${name} PRIVATE -O0)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()

# dunlin_micro_bench(NAME SOURCES... LIBS libs...): a Google Benchmark program.
function(dunlin_micro_bench name)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE dunlin_compile_options ${ARG_LIBS} benchmark::benchmark_main)
endfunction()

# dunlin_fuzzer(NAME SOURCES... LIBS libs...): a libFuzzer program; only with DUNLIN_FUZZ. The target
# `fuzzers` builds all of them.
function(dunlin_fuzzer name)
  if(NOT DUNLIN_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE dunlin_compile_options ${ARG_LIBS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_include_directories(${name} SYSTEM PRIVATE ${RAPIDJSON_INCLUDE_DIR})
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_dependencies(fuzzers ${name})
endfunction()
