#pragma once

#include <cstdio>
#include <ostream>
#include <streambuf>
#include <string>

namespace flotilla::tools {

/// A stream to a person's terminal that shows a long answer in a pager: $PAGER, else less, else
/// none. Outside of an answer, and where the output is no terminal, everything goes straight on.
///
///   pager.begin();            // An answer begins: it is held back while it fits the window.
///   pager.stream() << ...;
///   pager.end();              // It has ended: shown, or the person has left the pager.
///
/// One thread.
class Pager : private std::streambuf {
 public:
  explicit Pager(std::ostream& out);
  Pager(const Pager&) = delete;
  Pager& operator=(const Pager&) = delete;
  ~Pager() override;

  std::ostream& stream() { return stream_; }
  void begin();
  void end();

 private:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

  bool fits() const;
  void open();

  std::ostream& out_;
  std::ostream stream_{this};
  std::string command_;  // Empty: there is no pager.
  bool holds_ = false;   // Between begin() and end(), while the answer fits.
  std::string held_;
  std::FILE* pipe_ = nullptr;
};

}  // namespace flotilla::tools
