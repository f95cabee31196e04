# Every tests/sim/<name>_test.cc becomes the program sim_<name>_test and the test sim.<name>. It sees all decision-making
# modules that are built; code shared between simulations stands in other *.cc files of the folder.
file(GLOB sims CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/sim/*_test.cc)
file(GLOB world CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/sim/*.cc)
list(FILTER world EXCLUDE REGEX "_test\\.cc$")

find_package(GTest REQUIRED)
set(sim_modules)
foreach(module wire model store cluster exec)
  if(TARGET ${module})
    list(APPEND sim_modules ${module})
  endif()
endforeach()

add_custom_target(sims)
foreach(source ${sims})
  cmake_path(GET source STEM target)
  string(REGEX REPLACE "_test$" "" name ${target})
  add_executable(sim_${target} ${source} ${world})
  target_include_directories(sim_${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(sim_${target} PRIVATE ${sim_modules} flotilla_flags GTest::gmock GTest::gtest_main rapidcheck)
  add_test(NAME sim.${name} COMMAND sim_${target})
  add_dependencies(sims sim_${target})
endforeach()
