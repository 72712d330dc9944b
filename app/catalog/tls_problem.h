// Why a TLS connection failed, in words: what the server showed, what was expected, what the clock says.
#pragma once

#include "app/base/result.h"
#include "app/catalog/http_problem.h"

#include <optional>

namespace sealift {

// Nothing when the failure had nothing to do with TLS. Code FetchTls; FetchRefused where it was the server that did not
// accept the client (RFC 8446, 6.2: its alert); the key's own error when this computer's key could not sign.
std::optional<Error> tlsProblem(const QUrl& url, const HttpAnswer& answer, const HttpManner& manner);

}  // namespace sealift
