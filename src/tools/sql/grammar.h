#pragma once

#include "token_reader.h"

/// The forms of statements. Each function is called behind the first word and reads the rest but
/// for the end.
namespace flotilla::tools::sql::grammar {

/// What comes after WHERE when it is about one record: PK = 1, DIGEST = '...', EDIGEST = '...'.
bool next_is_address(const TokenReader& in);
RecordAddress address(TokenReader& in);

// parse_records.cc
Statement insert(TokenReader& in);
Statement update(TokenReader& in);
Statement remove(TokenReader& in);
Statement select(TokenReader& in);
Statement explain(TokenReader& in);
Statement operate(TokenReader& in);

// parse_metadata.cc
Statement show(TokenReader& in);
Statement create(TokenReader& in);
Statement drop(TokenReader& in);
Statement truncate(TokenReader& in);
Statement stat(TokenReader& in);
Statement asinfo(TokenReader& in);
Statement register_module(TokenReader& in);
Statement remove_module(TokenReader& in);
Statement describe_module(TokenReader& in);
Statement kill_job(TokenReader& in);

// parse_session.cc
Statement set(TokenReader& in);
Statement get(TokenReader& in);
Statement reset(TokenReader& in);
Statement run(TokenReader& in);
Statement print(TokenReader& in);
Statement help(TokenReader& in);
Statement exit(TokenReader& in);
Statement functions_not_yet(TokenReader& in);
Statement users_not_yet(TokenReader& in);
Statement shell_never(TokenReader& in);

}  // namespace flotilla::tools::sql::grammar
