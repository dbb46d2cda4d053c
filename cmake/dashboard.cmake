# The dashboard's files, put into the program. Made where Node.js is (npm ci && npm run build in dashboard/); a program
# without them says how to get them.
set(CMS_DASHBOARD_DIR "" CACHE PATH "Folder with the built dashboard; empty = dashboard/dist where that is there")
set(dashboard ${CMS_DASHBOARD_DIR})
if(NOT dashboard AND EXISTS ${PROJECT_SOURCE_DIR}/dashboard/dist/index.html)
  set(dashboard ${PROJECT_SOURCE_DIR}/dashboard/dist)
endif()
set(dashboard_files)
if(dashboard)
  file(GLOB_RECURSE dashboard_files CONFIGURE_DEPENDS ${dashboard}/*)
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(CMS_DASHBOARD_EMBEDDED ${CMAKE_CURRENT_BINARY_DIR}/dashboard_files)
add_custom_command(
  OUTPUT ${CMS_DASHBOARD_EMBEDDED}.cpp ${CMS_DASHBOARD_EMBEDDED}.bin
  COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/tools/embed_files.py --source ${CMS_DASHBOARD_EMBEDDED}.cpp
          --blob ${CMS_DASHBOARD_EMBEDDED}.bin ${dashboard}
  DEPENDS ${PROJECT_SOURCE_DIR}/tools/embed_files.py ${dashboard_files}
  COMMENT "Embedding the dashboard" VERBATIM)
set_source_files_properties(${CMS_DASHBOARD_EMBEDDED}.cpp PROPERTIES OBJECT_DEPENDS ${CMS_DASHBOARD_EMBEDDED}.bin)
