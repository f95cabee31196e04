# find_package(Flotilla): the target Flotilla::client. What it stands on are the packages of docs/DEPENDENCIES.md.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(fmt)
find_dependency(spdlog)
include(${CMAKE_CURRENT_LIST_DIR}/FlotillaTargets.cmake)
