# cmake -DPROGRAM=… -DLIST=… -P list_attacks.cmake: writes one add_test for each row of a Qt Test program that is an
# attack, i.e. whose name holds a dot and neither blanks nor capitals.
execute_process(COMMAND ${CMAKE_COMMAND} -E env QT_QPA_PLATFORM=offscreen ${PROGRAM} -datatags
  OUTPUT_VARIABLE rows RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} does not list its rows (${result}).")
endif()
string(REGEX REPLACE "[][;]" "_" rows "${rows}")  # which mean something in CMake's lists
string(REGEX MATCHALL "[^\n]+" rows "${rows}")
set(script "")
foreach(row IN LISTS rows)
  if(row MATCHES "^[^ ]+ ([A-Za-z0-9]+) ([a-z0-9-]+\\.[a-z0-9.-]+)$")
    string(APPEND script
      "add_test(\"attack.${CMAKE_MATCH_2}\" \"${PROGRAM}\" \"${CMAKE_MATCH_1}:${CMAKE_MATCH_2}\")\n"
      "set_tests_properties(\"attack.${CMAKE_MATCH_2}\" PROPERTIES LABELS attacks TIMEOUT 120 SKIP_RETURN_CODE 77\n"
      "  ENVIRONMENT \"QT_QPA_PLATFORM=offscreen;LC_ALL=C.UTF-8;TZ=UTC\")\n")
  endif()
endforeach()
file(WRITE ${LIST} "${script}")
