// What the window and the command line are shown: plain values, made by the services,
// already judged. Whoever draws them decides nothing about trust.
#pragma once

#include "app/base/result.h"
#include "app/policy/check.h"
#include "app/services/rule_views.h"
#include "app/update/outcome.h"
#include "app/update/retry_policy.h"
#include "devices/core/lifecycle.h"

#include <QByteArray>
#include <QDateTime>
#include <QJsonObject>
#include <QList>
#include <QString>
#include <QStringList>

#include <optional>

namespace sealift {

// The four tones of the interface. Every tone comes with words; none stands alone.
enum class Tone { Neutral, Accent, Good, Warning, Bad };

struct Badge {
  Tone tone = Tone::Neutral;
  QString text;
};

// A row of the table of drivers.
struct DriverView {
  QString name;              // as models name it
  QString protocol;          // for people
  QStringList links;         // "serial", "usb" …
  QStringList capabilities;  // as models' authors and JSON read them
  QString provenBy;          // the real device software, or the virtual device, that the tests run it against
  QString help;              // a page of the help (help_page.h)
};

enum class DeviceCondition {
  UpdateAvailable,
  UpToDate,
  SupportEnding,  // within a year, and nothing to install
  EndOfLife,
  NotManaged,  // answers, but no added vendor knows it
  Offline,
  Updating,
  UpdateRefused,  // an update is offered and must not be installed
  Problem,
};

struct SlotView {
  QString name;
  QString version;  // "2.3.1+881", or empty
  Badge state;      // "Running, confirmed", "Previous version", "Empty", "Will be tried at restart"
};

struct HistoryItem {
  QDateTime time;
  QString what;  // "Updated 2.2.0 → 2.3.1"
  Badge outcome;
  QString consent;  // "consent given by NAME"
  QString jobId;
};

struct OfferView {
  QString releaseId;  // stable: vendor, model, component, version and hash in one
  QString version;
  QString severity;  // "critical", "high", "moderate", "low", "none"
  int securityFixes = 0;
  QString headline;  // "Fixes 2 security issues (1 high) · 412 KB download · device restarts for about 40 s"
  qint64 downloadBytes = 0;
  int offlineSeconds = 0;
  bool skipped = false;
  std::optional<QDateTime> remindAt;
  std::optional<QDate> deferrableUntil;  // the last day to which its vendor lets it be put off
  QString returned;     // the device went back from it by itself: when, and by which job; empty: it did not
  bool paused = false;  // it went wrong on other devices
};

struct DeviceView {
  QString id;  // stable across restarts and addresses where the device has a serial number
  QString name;
  QString modelId;  // within its vendor
  QString modelName;
  QString vendorName;
  QString hardwareRevision;
  QString serial;
  QString linkKind;  // "serial", "udp", "tcp": chooses the icon
  QString address;   // as people write it
  QString place;     // "network", "serial COM7"
  bool online = false;
  QDateTime lastSeen;
  QString version;  // running, may be empty
  DeviceCondition condition = DeviceCondition::Offline;
  Badge badge;
  QList<SlotView> slots;
  QString runningImageNote;  // "SHA-256 of the running image matches the vendor's release."
  Badge identity;            // "Verified" or "Can't be verified" …
  QString identityDetail;
  Badge secureBoot;
  QString secureBootDetail;
  QString rollbackCounter;  // "7" or empty
  QString rollbackDetail;
  QString bootloader;
  QString help;  // the page on its family (help_page.h); empty: its model is not known
  Lifecycle lifecycle;
  SupportPhase phase = SupportPhase::Unknown;
  QString phaseText;  // "Full support until 1 Jun 2027"
  std::optional<OfferView> offer;
  std::optional<Error> problem;  // why it can't be read or managed
  QString warning;               // what to mind before anything is done with it; empty: nothing
  QString counterWarning;        // its rollback counter is below what it once was; empty: it is not
  QList<ReleaseRuleView> rules;  // skipped, blocked and pinned for it or for its model
  QList<HistoryItem> history;    // newest first
};

// Something that is connected or announces itself on the network, known or not.
struct FoundView {
  QString kind;        // "usb", "serial", "network"
  QString address;     // for addDevice
  QString name;        // its own words, made safe to show
  QString detail;      // "1209:0001, serial number 0007", "_smp._udp, boiler.local"
  QString place;       // "USB 1-2.3", "serial ttyUSB0 (USB 1-2)", "network"
  QStringList models;  // names of those that name it; nothing else is ever opened by itself
  QString deviceId;    // the known device that it is; empty: none yet
  bool opened = false;
  bool addable = false;  // a person may ask for it to be opened
  QString note;          // what it turned out to be, or why it was not opened
};

using CheckView = Check;

struct PlanView {
  QString digest;  // hex SHA-256 over everything that was decided; consent is to this
  QString deviceId;
  QString deviceName;
  QString modelLine;  // "Norrland T2 rev C"
  QString fromVersion;
  QString toVersion;
  QString severity;
  QDate released;
  bool restartNeeded = true;
  QString notesMarkdown;  // cumulative from installed to target, newest first
  QString notesHash;      // hex SHA-256 of the notes shown
  QList<CheckView> checks;
  bool allowed = false;     // no check failed
  bool needsAgain = false;  // nothing stands against it but that the device went back from this release before
  bool paused = false;      // the release went wrong on other devices; see resumeRelease
  bool needsErase = false;  // nothing stands against it but that the device must be erased altogether first
  QString downloadText;     // what had to be fetched for it, and why so little or much
  QString transferText;     // what is sent to the device, in bytes and seconds, and why
  QString durationText;     // "about 2 min, 40 s offline"
  QString fallbackText;     // "device returns to 2.3.1 by itself"
  QString releaseId;
  std::optional<QDate> deferrableUntil;  // the last day to which its vendor lets it be put off
  QString idleProblem;                   // why it can't wait until the device is idle; empty: it can
  bool isDowngrade = false;
  QString downgradeReason;
  QJsonObject json;  // resources/schemas/plan-v1.schema.json
};

enum class JobState {
  Waiting,    // for its turn, or for the next attempt
  Scheduled,  // for its time, its device, or for that to be idle
  Paused,     // until somebody lets it go on
  Running,
  Finished,
};
struct JobView {
  QString id;
  QString deviceId;
  QString deviceName;
  QString fromVersion;
  QString toVersion;
  QString consentBy;  // who agreed; empty when nobody was asked
  JobState state = JobState::Scheduled;
  Stage stage = Stage::Check;
  double fraction = 0.0;  // of the whole job
  QString statusText;     // "Transferring", "Waiting for restart", "Tonight 02:00", "Succeeded"
  Tone tone = Tone::Neutral;
  QString detail;  // "Device is expected back within 25 s", rate and time left, what happened
  qint64 bytesDone = 0;
  qint64 bytesTotal = 0;
  double bytesPerSecond = 0.0;
  double secondsLeft = -1.0;
  std::optional<Outcome> outcome;
  std::optional<Error> error;
  QString nextStep;    // for Unknown, Failed, Refused: what to do now
  QDateTime startsAt;  // scheduled, or waiting for the next attempt; invalid where no time decides
  QString schedule;    // "now", "at", "window", "connect", "idle"
  QString waitsFor;    // not begun: why, "hub 1-2 is busy with 4 of 4"
  int priority = 0;    // 2: critical security fix, 1: high
  int attempts = 0;    // that have failed
  int mostAttempts = 1;
  bool interrupted = false;  // Running, and its program ended: it goes on when its device is seen
  bool retryable = false;    // failed, and may be tried again as it was agreed to
  QDateTime startedAt;
  QDateTime endedAt;
  bool cancellable = false;
  bool irrevocable = false;  // firmware is replaced in place: stopping now would leave none
  QString cancelEffect;      // what cancelling (or closing) now means for the device
};

// When a consented update begins, as people ask for it.
struct StartTime {
  enum class When {
    Now,
    Tonight,  // between 2 and 6 o'clock, of a later night when this one was missed
    Window,
    At,
    Connect,  // as soon as the device is seen
    Idle,     // as soon as the device says that it has nothing to do
  };
  When when = When::Now;
  QDateTime at = {};     // At
  QString window = {};   // Window: "mon-fri 22:00 4h Europe/Berlin"; empty: the station's
  int mostAttempts = 1;  // failures that time can heal are followed by another try; up to kMostAttempts
};

// The station's queue and its settings.
struct QueueView {
  bool paused = false;
  int running = 0;
  int waiting = 0;    // for their turn
  int scheduled = 0;  // for their time or their device
  int pausedJobs = 0;
  int limitAll = 0;  // jobs side by side, as the next three
  int limitPerHub = 0;
  int limitPerAdapter = 0;
  int limitPerHost = 0;
  QString window;         // the station's maintenance window; empty: none
  QDateTime windowStart;  // the current or next one
  QDateTime windowEnd;
};

// What to change of the limits; what is absent stays as it is.
struct LimitsChange {
  std::optional<int> all = {};
  std::optional<int> perHub = {};
  std::optional<int> perAdapter = {};
  std::optional<int> perHost = {};
};

struct AuditRow {
  qint64 sequence = 0;
  QDateTime time;
  QString event;
  QString actor;
  QString subject;
  QString message;
  Badge outcome;
  QString outcomeName;  // stable: "ok", "refused" …
};

struct AuditDetail {
  AuditRow row;
  QString code;
  QString subjectId;
  QJsonObject details;
  QString leafHash;       // hex
  bool included = false;  // an inclusion proof against the signed head was just checked
  QString proofText;
};

struct AuditFilter {
  QString text;
  QString outcome;  // stable name; empty: any
  std::optional<QDateTime> since;
  std::optional<QDateTime> until;
  bool isEmpty() const { return text.isEmpty() && outcome.isEmpty() && !since && !until; }
  bool operator==(const AuditFilter&) const = default;
};

struct AuditHealth {
  bool checked = false;  // a full verification ran since the program started
  bool intact = false;
  qint64 entries = 0;
  QDateTime headTime;
  QString headHash;  // hex root hash
  QString text;      // "Intact. 12,408 entries, tree head signed by this station's key at 08:40."
  std::optional<Error> problem;
};

struct VendorRoleView {
  QString role;
  qint64 version = 0;
  QDateTime expires;
  int threshold = 0;
  int keys = 0;
};

struct VendorView {
  QString id;
  QString name;
  QStringList addresses;
  QString fingerprint;  // hex SHA-256 of the initial root
  QDateTime added;
  QDateTime refreshed;  // last success
  bool fresh = false;   // refreshed, and nothing has expired
  std::optional<Error> problem;
  QList<VendorRoleView> roles;
  QStringList models;
  QStringList authorities;    // names of the vendor's own authorities for TLS; empty: those that this computer trusts
  QString clientCertificate;  // path, and its key's address; empty: none is shown to its server
  QString clientKey;
};

// What an offline bundle brought.
struct BundleImport {
  QString vendorId;
  QString vendorName;
  int files = 0;       // verified and kept, those that were here already among them
  QStringList models;  // that have releases in the bundle
  qint64 timestampVersion = 0;
  QDateTime validUntil;  // the first of the metadata's expiry dates
  QString ageText;       // how old the vendor's word is, and what that means
};

// How a device over HTTPS is reached, by its address.
struct DeviceAccessView {
  QString address;
  QString user;                 // empty: without name and password
  bool ownAuthorities = false;  // proven by certificates that were set here, and not by what its model says
  QString clientCertificate;    // path, and its key's address; empty: none is shown
  QString clientKey;
};

// What to change of it; what is absent stays as it is.
struct DeviceAccessChange {
  std::optional<QString> user;               // empty: neither name nor password
  QByteArray password;                       // with a user
  QString passwordFile;                      // its first line instead; only its owner may read the file
  std::optional<QString> authoritiesFile;    // PEM; empty: back to what the model says
  std::optional<QString> clientCertificate;  // path of a PEM file; empty: show none
  std::optional<QString> clientKey;          // address; with clientCertificate always
};

// What to change of how a vendor's server is reached; what is absent stays as it is.
struct VendorAccessChange {
  std::optional<QString> authoritiesFile;    // PEM; empty: back to those that this computer trusts
  std::optional<QString> clientCertificate;  // path of a PEM file; empty: show none
  std::optional<QString> clientKey;          // address; with clientCertificate always
};

// What a vendor file asks to trust, before anything is stored.
struct VendorCandidate {
  QString name;
  QStringList addresses;
  QString fingerprint;  // hex
  QStringList words;    // the fingerprint in words that two people can compare by telephone
  int rootThreshold = 0;
  int rootKeys = 0;
  QStringList authorities;  // names of its own authorities for TLS; empty: those that this computer trusts
  QByteArray file;          // the vendor file as it was read
};

// The key that signs the audit log's heads.
struct StationKeyView {
  QString address;
  QString keyId;  // hex
  QString type;   // "ECDSA P-256"
  QString publicKeyPem;
  bool inHardware = false;
  int earlierKeys = 0;
};

struct StationInfo {
  QString name;
  QString operatorName;
  QString role;  // "owner", "technician", "supervisor", "auditor"
  QString dataFolder;
  QString publicKeyId;  // hex, of the station's key
  bool homeMode = false;
  bool demo = false;
  bool offline = false;         // no network at all
  bool offlineForRun = false;   // because the program was started so, whatever the settings say
  bool searchesNetwork = true;  // asks the local network for services that models name; never while offline
};

}  // namespace sealift
