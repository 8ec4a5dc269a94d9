# What `make package` puts into the .deb: the gateway, its unit file and user, and the documents.
include(GNUInstallDirs)
install(TARGETS dunlin RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES deploy/dunlin.service DESTINATION lib/systemd/system)
# In the repository's own folders, so that the documents' links to each other hold.
foreach(document README.md SECURITY.md
    docs/architecture.md docs/dependencies.md docs/operations.md docs/performance.md docs/protocol.md
    deploy/alerts.yml deploy/dunlin.reference.toml deploy/dunlin.service)
  get_filename_component(folder ${document} DIRECTORY)
  install(FILES ${document} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/dunlin/${folder})
endforeach()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/dunlin RENAME copyright)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_CONTACT "The Dunlin authors <maintainers@dunlin.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS passwd)  # useradd, for postinst
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/deploy/debian/postinst)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_STRIP_FILES ON)
include(CPack)
