// Templates, styles and programs of the pages (report.html, suite.js, ...), and the families of the shared sets, put
// into the program at build time.
#pragma once

namespace cms::lab {

extern const char* const kDrawJs;  // of both pages, before their own
extern const char* const kReportHtml;
extern const char* const kReportCss;
extern const char* const kReportJs;
extern const char* const kSuiteHtml;
extern const char* const kSuiteCss;  // after the report's
extern const char* const kSuiteJs;
extern const char* const kSharedFamilies;  // experiments/families.toml

}  // namespace cms::lab
