// What the window and the command line are shown of people, policy and decisions on releases, and what they ask for.
#pragma once

#include <QByteArray>
#include <QDateTime>
#include <QString>

#include <optional>

namespace sealift {

// The station's own rules. Only a supervisor changes them, or the owner where there are no accounts.
struct PolicyView {
  bool downgradeAllowed = false;
  int troubleDevices = 3;  // a release that went wrong on so many devices …
  int troubleDays = 30;    // … within so many days is paused
  bool altered = false;    // somebody changed them outside Sealift: these are the strict ones
};

// What to change of them; what is absent stays as it is.
struct PolicyChange {
  std::optional<bool> downgradeAllowed;
  std::optional<int> troubleDevices;
  std::optional<int> troubleDays;
};

// Somebody who signs in for one act. Wipe the password afterwards.
struct SignIn {
  QString name;          // empty: nobody
  QByteArray password;   // UTF-8
  QString passwordFile;  // its first line instead; only its owner may read the file

  void forget();  // overwrites the password
};

// Overwrites what was typed, then empties it.
void forgetSecret(QByteArray& secret);

struct OperatorView {
  QString name;
  QString role;  // "operator", "technician", "supervisor", "auditor"
  QDateTime changed;
  bool locked = false;   // after wrong passwords, for a while
  bool altered = false;  // not as the audit log tells
};

// Something that somebody should look at before it gets worse.
struct AlertView {
  QString kind;     // stable: "release-paused", "counter-fell", "accounts-altered", "policy-altered"
  QString subject;  // the release's or device's id; may be empty
  QString title;
  QString text;
  QString remedy;
  QDateTime since;  // may be invalid
};

// What somebody decided about a release for a device or a model, for good.
struct ReleaseRuleView {
  QString kind;     // "skip", "block", "pin"
  QString scope;    // "device", "model"
  QString scopeId;  // a device's id, or vendor/model
  QString version;
  QString imageHash;  // hex; empty: every build of the version
  QString reason;
  QString madeBy;
  QDateTime made;
};

// What to decide about a release, or which such decision to lift.
struct ReleaseRuleChange {
  QString kind;     // "skip", "block", "pin"
  QString release;  // a version, or a release's id
  QString deviceId;
  QString modelId;          // vendor/model; used when there is no device
  bool everyBuild = false;  // by version, whatever bytes come under it; otherwise this build, by hash
  QString reason;
};

}  // namespace sealift
