// Links whose other end is a LinkScript.
#pragma once

#include "transports/links/link.h"
#include "transports/links/link_script.h"

namespace sealift {

class ScriptedByteLink final : public ByteLink {
 public:
  explicit ScriptedByteLink(LinkScript script = {}) : script_(std::move(script)) {}
  LinkScript& script() { return script_; }

  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override;
  // Replies of a script come after what caused them: there is never old input to throw away.
  Status discardInput() override { return {}; }
  QString description() const override { return QStringLiteral("script"); }

 private:
  LinkScript script_;
};

class ScriptedDatagramLink final : public DatagramLink {
 public:
  explicit ScriptedDatagramLink(LinkScript script = {}) : script_(std::move(script)) {}
  LinkScript& script() { return script_; }

  Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override;
  Status send(QByteArrayView datagram, const Deadline& deadline, const CancelToken& cancel) override;
  qsizetype maxDatagram() const override { return 65507; }
  QString description() const override { return QStringLiteral("script"); }

 private:
  LinkScript script_;
};

}  // namespace sealift
