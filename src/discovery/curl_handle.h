#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "discovery/http_client.h"

namespace flotilla::discovery {

struct CurlFree {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using CurlHandle = std::unique_ptr<CURL, CurlFree>;
/// The library is initialised by the first.
CurlHandle new_curl_handle();

/// A list of one text, as long as this lives.
class CurlList {
 public:
  explicit CurlList(const std::string& text) : list_(curl_slist_append(nullptr, text.c_str())) {}
  ~CurlList() { curl_slist_free_all(list_); }
  CurlList(const CurlList&) = delete;
  CurlList& operator=(const CurlList&) = delete;
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_;
};

/// What is common to all that speak through curl: no proxies, no signals, and these certificates.
void use_tls_files(CURL* curl, const TlsFiles& tls);

}  // namespace flotilla::discovery
