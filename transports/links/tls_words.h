// Why a TLS connection to a device failed, in words: what it showed, what was expected, what the clock says.
#pragma once

#include "app/base/result.h"

#include <QAbstractSocket>
#include <QList>
#include <QSslCertificate>
#include <QSslError>
#include <QString>

namespace sealift {

struct TlsPeer {
  QString description;       // "HTTPS 192.168.4.30 port 8443"
  QString host;              // whose name the certificate must bear
  bool isPinned = false;     // named authorities alone were accepted
  bool hasIdentity = false;  // a client certificate was shown
};

// FetchTls, FetchRefused (the device did not accept this computer), or LinkOpen when it had nothing to do with TLS.
Error tlsFailure(const TlsPeer& peer, const QList<QSslError>& errors, const QSslCertificate& shown,
                 QAbstractSocket::SocketError socketError, const QString& errorText);

}  // namespace sealift
