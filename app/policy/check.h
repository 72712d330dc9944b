// One question that was asked before an update, with its answer.
#pragma once

#include "app/base/result.h"

#include <QList>
#include <QString>

namespace sealift {

enum class CheckState { Passed, Failed, Warning, NotApplicable };

QString checkStateName(CheckState state);  // stable: "passed", "failed", "warning", "not-applicable"

struct Check {
  QString id;  // stable, e.g. "image-signature"
  CheckState state = CheckState::Failed;
  QString title;   // "Image signature valid"
  QString detail;  // "ECDSA P-256, key ID 9f31…c2"
  QString code;    // the error's stable code when failed
  QString remedy;  // when failed

  static Check passed(const QString& id, const QString& title, const QString& detail) {
    return {id, CheckState::Passed, title, detail, {}, {}};
  }
  static Check warning(const QString& id, const QString& title, const QString& detail) {
    return {id, CheckState::Warning, title, detail, {}, {}};
  }
  static Check failed(const QString& id, const QString& title, const Error& error) {
    return {id, CheckState::Failed, title, error.message(), errorCodeName(error.code), error.remedy};
  }
};

// The first check that failed, or null.
inline const Check* firstFailure(const QList<Check>& checks) {
  for (const Check& check : checks) {
    if (check.state == CheckState::Failed) {
      return &check;
    }
  }
  return nullptr;
}

}  // namespace sealift
