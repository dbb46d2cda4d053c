// The page's template, style and program (report.html, report.css, report.js), put into the program at build time.
#pragma once

namespace cms::lab {

extern const char* const kReportHtml;
extern const char* const kReportCss;
extern const char* const kReportJs;

}  // namespace cms::lab
