// Somebody who is asked for PINs in tests.
#pragma once

#include "keystore/secrets/pin_source.h"

#include <QList>
#include <QStringList>

namespace sealift {

// Gives one answer after the other, and keeps what it was asked.
class ScriptedPins final : public PinSource {
 public:
  explicit ScriptedPins(QStringList answers, bool isPerson = true)
      : answers_(std::move(answers)), isPerson_(isPerson) {}
  Result<SecretBytes> ask(const PinRequest& request) override {
    requests.append(request);
    if (answers_.isEmpty()) {
      return fail(ErrorCode::Cancelled, QStringLiteral("The person gave up."));
    }
    return SecretBytes(QByteArrayView(answers_.takeFirst().toUtf8()));
  }
  bool interactive() const override { return isPerson_; }

  QList<PinRequest> requests;

 private:
  QStringList answers_;
  bool isPerson_;
};

}  // namespace sealift
