#pragma once

#include "tools/result_writer.h"

namespace flotilla::tools {

/// One for each way to write; make_writer() chooses.
std::unique_ptr<ResultWriter> make_table_writer(const OutputOptions& options, std::ostream& out,
                                                std::ostream& err);
std::unique_ptr<ResultWriter> make_raw_writer(const OutputOptions& options, std::ostream& out);
std::unique_ptr<ResultWriter> make_mute_writer(std::ostream& out);
std::unique_ptr<ResultWriter> make_json_writer(std::ostream& out);
std::unique_ptr<ResultWriter> make_json_lines_writer(std::ostream& out, std::ostream& err);
std::unique_ptr<ResultWriter> make_separated_writer(char separator, std::ostream& out,
                                                    std::ostream& err);

}  // namespace flotilla::tools
