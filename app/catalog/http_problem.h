// What went wrong with a request, in words that name the cause: the address, the certificate, the dates, the clock.
#pragma once

#include "app/base/result.h"
#include "app/catalog/http_exchange.h"

#include <QUrl>

#include <optional>

namespace sealift {

class TlsIdentity;

// How the request was made.
struct HttpManner {
  bool ownAuthorities = false;            // the vendor's, instead of those that this computer trusts
  const TlsIdentity* identity = nullptr;  // null: there is none
  bool identityOffered = false;           // to this server
};

// Nothing when the answer is the file. Codes: FetchNotFound for 404 and 410; FetchRefused where access is denied;
// FetchTls where the connection can't be proven; else FetchFailed.
std::optional<Error> httpProblem(const QUrl& url, const HttpAnswer& answer, const HttpManner& manner);

// As it is sent, without a password.
QString addressText(const QUrl& url);
// Subject, or the first name that is there, of a certificate: for people.
QString certificateName(const QSslCertificate& certificate);

}  // namespace sealift
