#include "transports/protocols/swupdate/swupdate_outcome.h"

#include <algorithm>
#include <array>

namespace sealift {
namespace {

constexpr int kErrorLevel = 3;
constexpr qsizetype kMostErrors = 50;

struct Refusal {
  const char* says;  // part of what the daemon prints
  ErrorCode code;
  const char* what;
  const char* remedy;  // empty: the code's own
};

// Words of SWUpdate 2022.12: core/parser.c, core/stream_interface.c, core/cpio_utils.c, core/swupdate_cms_verify.c.
// The first that is found counts: what led to the refusal before what followed from it.
constexpr std::array kRefusals{
    Refusal{"No downgrading allowed", ErrorCode::PolicyVersionLower,
            "The device refuses to go back to an older version", ""},
    Refusal{"No reinstalling allowed", ErrorCode::PolicyVersionSame, "The device has this version already", ""},
    Refusal{"not compatible with hardware", ErrorCode::PolicyWrongRevision,
            "The device says that the update is for other hardware", ""},
    Refusal{"HASH mismatch", ErrorCode::ImageHashMismatch,
            "What arrived at the device differs from the signed description",
            "Try again; if it stays, the network or the file is damaged. Tell the vendor."},
    Refusal{"Checksum WRONG", ErrorCode::ImageHashMismatch, "What arrived at the device is damaged", "Try again."},
    Refusal{"instead of sw-description.sig", ErrorCode::ImageUnsigned,
            "The device installs signed updates alone, and this one carries no signature", ""},
    Refusal{"Authentication of all signatures failed", ErrorCode::ImageUnknownKey,
            "The device does not trust the key that signed the update",
            "The device was set up for another key than the one that its vendor signs with now. Ask the vendor."},
    Refusal{"Signature verification failed", ErrorCode::ImageSignatureInvalid,
            "The device finds that the signature does not hold", ""},
    Refusal{"Error verifying signature", ErrorCode::ImageSignatureInvalid,
            "The device finds that the signature does not hold", ""},
    // Its web server waits for the installer, and gives up what comes in meanwhile.
    Refusal{"max_recv_buf_size reached", ErrorCode::DeviceBusy, "The device is at work and does not take an update now",
            "It may be finishing another update: wait a moment, then try again."},
    Refusal{"No space left", ErrorCode::DeviceWriteFailed, "The device has too little room",
            "Make room on the device, or ask its vendor."},
    Refusal{"Not enough free space", ErrorCode::DeviceWriteFailed, "The device has too little room",
            "Make room on the device, or ask its vendor."},
    Refusal{"Compatible SW not found", ErrorCode::ImageFormatRefused,
            "The device finds nothing in the update that is for it", "Choose the update of this model."},
};

// "ERROR core/parser.c : parse : 216 : No downgrading allowed: …" → from the last part on.
QString withoutPlace(const QString& text) {
  if (!text.startsWith(QLatin1String("ERROR "))) {
    return text;
  }
  return text.section(QStringLiteral(" : "), 3);
}

}  // namespace

Error swupdateRefusal(const QStringList& errors) {
  for (const Refusal& refusal : kRefusals) {
    for (const QString& error : errors) {
      if (error.contains(QLatin1String(refusal.says))) {
        return makeError(refusal.code,
                         QStringLiteral("%1 (\"%2\").").arg(QLatin1String(refusal.what), withoutPlace(error)),
                         QLatin1String(refusal.remedy));
      }
    }
  }
  return makeError(
      ErrorCode::DeviceWriteFailed,
      errors.isEmpty()
          ? QStringLiteral("The device did not install the update and does not say why.")
          : QStringLiteral("The device did not install the update (\"%1\").").arg(withoutPlace(errors.first())));
}

void SwupdateOutcome::take(const SwupdateEvent& event) {
  using State = SwupdateEvent::State;
  switch (event.kind) {
    case SwupdateEvent::Kind::Phase:
      if (event.state == State::Started) {  // what ended before was another one
        begun_ = true;
        failed_ = false;
        succeeded_ = false;
        idle_ = false;
      }
      failed_ = failed_ || event.state == State::Failed;
      succeeded_ = succeeded_ || event.state == State::Succeeded;
      break;
    case SwupdateEvent::Kind::Step:
      if (event.steps > 0 && event.step > 0) {
        const double now = (event.step - 1 + event.percent / 100.0) / event.steps;
        installed_ = std::max(installed_, std::min(now, 1.0));
        part_ = event.text;
      }
      break;
    case SwupdateEvent::Kind::Message: {
      const auto known = std::find_if(kRefusals.begin(), kRefusals.end(), [&](const Refusal& refusal) {
        return event.text.contains(QLatin1String(refusal.says));
      });
      reason_ = reason_ || known != kRefusals.end();
      idle_ = idle_ || (succeeded_ && event.text.contains(QLatin1String("Waiting for requests")));
      // One of the reasons is printed as a mere trace.
      if ((event.level <= kErrorLevel || known != kRefusals.end()) && errors_.size() < kMostErrors) {
        errors_ << event.text;
      }
      break;
    }
    case SwupdateEvent::Kind::Info:
      // Garbage may follow the name: the daemon's buffer is longer than what it writes there.
      if (event.text.startsWith(fileName_)) {
        others_ = false;
        begun_ = true;
      } else if (event.text.contains(QLatin1String(".swu")) && !event.text.startsWith(u'{')) {
        others_ = true;
      }
      break;
    case SwupdateEvent::Kind::Other:
      break;
  }
}

}  // namespace sealift
