# Every target of ours links flotilla_flags: warnings are errors, assertions stay on in release.
add_library(flotilla_flags INTERFACE)
target_compile_options(flotilla_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror -fno-omit-frame-pointer)

# GCC 12's own headers call what they deprecate, and Clang says so where a stable sort is instantiated.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(flotilla_flags INTERFACE -Wno-deprecated-declarations)
endif()

# x86-64-v2 is the baseline of the images (SSE 4.2 gives the CRC32C instruction).
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  target_compile_options(flotilla_flags INTERFACE -march=x86-64-v2)
endif()

# RelWithDebInfo is our release: optimised, with symbols, and without NDEBUG.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1")

if(FLOTILLA_SANITIZE)
  add_compile_options(-fsanitize=${FLOTILLA_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FLOTILLA_SANITIZE})
  add_compile_definitions(FLOTILLA_SANITIZED=1)
  # With a sanitizer's calls in between, GCC 12 sees overruns of growing vectors that are none, and
  # variables of std::regex that it calls unset.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-array-bounds -Wno-maybe-uninitialized)
  endif()
endif()

find_package(Threads REQUIRED)
