# cmake --install <build folder> [--component client | programs]
#
# client: the C++ client as a CMake package (find_package(Flotilla), target Flotilla::client), with the modules it stands on.
# programs: the server, the tool with its other names, and the discovery service.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Flotilla)
install(TARGETS base wire model client EXPORT FlotillaTargets COMPONENT client
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT client
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/flotilla COMPONENT client)
install(EXPORT FlotillaTargets NAMESPACE Flotilla:: DESTINATION ${package_folder} COMPONENT client)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/FlotillaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/FlotillaConfig.cmake ${PROJECT_BINARY_DIR}/FlotillaConfigVersion.cmake
  DESTINATION ${package_folder} COMPONENT client)

install(TARGETS flotillad flotilla flotilla-discovery RUNTIME COMPONENT programs)
foreach(alias aql asinfo asadm asbench asbackup asrestore)
  install(FILES ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/${alias} DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
endforeach()
