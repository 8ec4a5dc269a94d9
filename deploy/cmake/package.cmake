# What `make package` puts into the .deb: the gateway, its unit file and user, and the documents.
include(GNUInstallDirs)
install(TARGETS dunlin RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES deploy/dunlin.service DESTINATION lib/systemd/system)
install(FILES deploy/dunlin.reference.toml docs/protocol.md SECURITY.md
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/dunlin)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_CONTACT "The Dunlin authors <maintainers@dunlin.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS passwd)  # useradd, for postinst
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/deploy/debian/postinst)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_STRIP_FILES ON)
include(CPack)
