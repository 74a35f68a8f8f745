# The SDK of Evenkeel's plugins. It may lie anywhere: everything is found from this file's place.
#
#   evenkeel_add_plugin(NAME SOURCE...)
#
# makes NAME.so from the sources, NAME.manifest.json and NAME.schema.json of the current folder: with
# nothing exported but its entry, nothing left undefined, the manifest and the sums beside it, and
# with the headers NAME_embedded.h (C) and NAME_embedded.hpp (C++) to include.
#
#   EVENKEEL_EK_PLUGIN    the author's tool
get_filename_component(_evenkeel_prefix "${CMAKE_CURRENT_LIST_DIR}/@PREFIX@" ABSOLUTE)
set(EVENKEEL_SDK_DIR "${_evenkeel_prefix}/@SDKDIR@")
set(EVENKEEL_EK_PLUGIN "${_evenkeel_prefix}/@BINDIR@/ek-plugin")
set(EVENKEEL_INCLUDE_DIR "${_evenkeel_prefix}/@INCLUDEDIR@")

if(NOT TARGET Evenkeel::Plugin)
  add_library(Evenkeel::Plugin INTERFACE IMPORTED)
  set_target_properties(Evenkeel::Plugin PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${EVENKEEL_INCLUDE_DIR}")
endif()

# The file's text as it is (for a raw literal of C++), and as a literal of C.
function(_evenkeel_read file raw literal)
  file(READ "${file}" text)
  set(${raw} "${text}" PARENT_SCOPE)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "?" "\\?" text "${text}")
  string(REPLACE "\n" "\\n\"\n\"" text "${text}")
  set(${literal} "\"${text}\"" PARENT_SCOPE)
endfunction()

function(evenkeel_add_plugin NAME)
  set(manifest "${CMAKE_CURRENT_SOURCE_DIR}/${NAME}.manifest.json")
  set(schema "${CMAKE_CURRENT_SOURCE_DIR}/${NAME}.schema.json")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${manifest}" "${schema}")
  _evenkeel_read("${manifest}" raw_manifest literal_manifest)
  _evenkeel_read("${schema}" raw_schema literal_schema)
  set(headers "${CMAKE_CURRENT_BINARY_DIR}/${NAME}_embedded")
  set(MANIFEST "${literal_manifest}")
  set(SCHEMA "${literal_schema}")
  configure_file("${EVENKEEL_SDK_DIR}/embedded.h.in" "${headers}/${NAME}_embedded.h" @ONLY)
  set(MANIFEST "${raw_manifest}")
  set(SCHEMA "${raw_schema}")
  configure_file("${EVENKEEL_SDK_DIR}/embedded.hpp.in" "${headers}/${NAME}_embedded.hpp" @ONLY)

  add_library(${NAME} MODULE ${ARGN})
  target_link_libraries(${NAME} PRIVATE Evenkeel::Plugin)
  target_include_directories(${NAME} PRIVATE "${headers}")
  set_target_properties(${NAME} PROPERTIES
    PREFIX "" C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${EVENKEEL_SDK_DIR}/plugin.map;${manifest}")
  target_link_options(${NAME} PRIVATE
    "LINKER:--version-script=${EVENKEEL_SDK_DIR}/plugin.map" "LINKER:-z,defs")
  add_custom_command(TARGET ${NAME} POST_BUILD VERBATIM
    COMMAND "${CMAKE_COMMAND}" -E copy "${manifest}" "$<TARGET_FILE_DIR:${NAME}>"
    COMMAND "${EVENKEEL_SDK_DIR}/plugin-sum" "$<TARGET_FILE:${NAME}>")
endfunction()
