// How a job ends, and what it goes through.
#pragma once

#include <QString>

#include <optional>

namespace sealift {

// Exactly one of these ends a job. Cancelled is never success; an acknowledgement is never proof.
enum class Outcome {
  Succeeded,  // the device runs the new firmware, proven, and keeps it
  Reverted,   // the device went back by itself
  Refused,    // a check said no; nothing was written
  Failed,     // the device still runs the old version
  Unknown,    // the device did not come back; settled later by looking again
  Cancelled,  // somebody stopped it; the device still runs the old version
};

enum class Stage { Check, Transfer, Verify, Activate, Restart, Confirm };

QString outcomeName(Outcome outcome);  // stable: "succeeded" …
QString stageName(Stage stage);        // stable: "check" …
std::optional<Outcome> outcomeFromName(const QString& name);
std::optional<Stage> stageFromName(const QString& name);

}  // namespace sealift
