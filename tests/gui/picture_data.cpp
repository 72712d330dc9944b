// What the design's pictures show.
#include "tests/gui/fake_station.h"

namespace sealift {

namespace {

DeviceView makeDevice(const QString& id, const QString& name, const QString& model, const QString& link,
                      const QString& place, const QString& version, DeviceCondition condition, Tone tone,
                      const QString& badge) {
  DeviceView device;
  device.id = id;
  device.name = name;
  device.modelName = model;
  device.linkKind = link;
  device.place = place;
  device.version = version;
  device.condition = condition;
  device.badge = {tone, badge};
  device.online = true;
  device.lastSeen = pictureTime().addSecs(-5);
  device.serial = id;
  device.identity = {Tone::Neutral, QStringLiteral("Can't be verified")};
  device.secureBoot = {Tone::Neutral, QStringLiteral("Not known")};
  return device;
}

OfferView makeOffer(const QString& version) {
  OfferView offer;
  offer.releaseId = QStringLiteral("release-") + version;
  offer.version = version;
  offer.severity = QStringLiteral("high");
  offer.securityFixes = 2;
  offer.headline =
      QStringLiteral("Fixes 2 security issues (1 high) \u00b7 412 KB download \u00b7 device restarts for about 40 s");
  offer.downloadBytes = 412'000;
  offer.offlineSeconds = 40;
  return offer;
}

DeviceView thermostat() {
  DeviceView device =
      makeDevice(QStringLiteral("NT2-004417"), QStringLiteral("Hall thermostat"), QStringLiteral("Norrland T2"),
                 QStringLiteral("udp"), QStringLiteral("network"), QStringLiteral("2.3.1"),
                 DeviceCondition::UpdateAvailable, Tone::Accent, QStringLiteral("2.4.0 available"));
  device.vendorName = QStringLiteral("Norrland AB");
  device.hardwareRevision = QStringLiteral("C");
  device.address = QStringLiteral("192.168.4.21");
  device.slots = {
      {QStringLiteral("A"), QStringLiteral("2.3.1+b881"), {Tone::Good, QStringLiteral("Running, confirmed")}},
      {QStringLiteral("B"), QStringLiteral("2.2.0+b790"), {Tone::Neutral, QStringLiteral("Previous version")}}};
  device.runningImageNote = QStringLiteral("SHA-256 of the running image matches the vendor's release.");
  device.identity = {Tone::Good, QStringLiteral("Verified")};
  device.identityDetail = QStringLiteral("certificate of Norrland AB");
  device.secureBoot = {Tone::Good, QStringLiteral("On")};
  device.secureBootDetail = QStringLiteral("bootloader locked");
  device.rollbackCounter = QStringLiteral("7");
  device.rollbackDetail = QStringLiteral("releases below 7 are refused");
  device.bootloader = QStringLiteral("MCUboot 2.1 \u00b7 SMP over UDP");
  device.help = QStringLiteral("smp");
  device.lifecycle = {QDate(2023, 3, 1), QDate(2027, 6, 1), QDate(2028, 12, 1)};
  device.phase = SupportPhase::Full;
  device.offer = makeOffer(QStringLiteral("2.4.0"));
  const QString consent = QStringLiteral("consent given by owner");
  device.history = {{QDateTime(QDate(2026, 9, 12), QTime(14, 2), Qt::UTC),
                     QStringLiteral("Updated 2.2.0 \u2192 2.3.1"),
                     {Tone::Good, QStringLiteral("Succeeded")},
                     consent,
                     QStringLiteral("h1")},
                    {QDateTime(QDate(2026, 6, 3), QTime(9, 41), Qt::UTC),
                     QStringLiteral("Updated 2.1.4 \u2192 2.2.0"),
                     {Tone::Warning, QStringLiteral("Reverted, then succeeded")},
                     consent,
                     QStringLiteral("h2")}};
  return device;
}

CheckView passed(const QString& id, const QString& title, const QString& detail) {
  return {id, CheckState::Passed, title, detail, {}, {}};
}

PlanView thermostatPlan() {
  PlanView plan;
  plan.digest = QString(QStringLiteral("5d1fa3b2")).repeated(8);
  plan.deviceId = QStringLiteral("NT2-004417");
  plan.deviceName = QStringLiteral("Hall thermostat");
  plan.modelLine = QStringLiteral("Norrland T2 rev C");
  plan.fromVersion = QStringLiteral("2.3.1");
  plan.toVersion = QStringLiteral("2.4.0");
  plan.severity = QStringLiteral("high");
  plan.released = QDate(2026, 11, 18);
  plan.notesMarkdown = QStringLiteral(
      "## Security\n\n- CVE-2026-41207: a crafted pairing request could run code before authentication.\n"
      "- CVE-2026-40013: TLS session tickets outlived a factory reset.\n\n## Improvements\n\n"
      "- Schedules keep running when the hub is offline.\n- Sensor calibration drifts 40\u00a0% less below "
      "5\u00a0\u00b0C.\n\n"
      "## Known issues\n\n- The display language resets to English once; set it again after the update.\n");
  plan.notesHash = QString(QStringLiteral("3f1c77aa")).repeated(8);
  plan.checks = {
      passed(QStringLiteral("metadata"), QStringLiteral("Published by Norrland AB"),
             QStringLiteral("2 of 3 release keys signed \u00b7 metadata fresh")),
      passed(QStringLiteral("image-signature"), QStringLiteral("Image signature valid"),
             QStringLiteral("ECDSA P-256, key ID 9f31\u2026c2")),
      passed(QStringLiteral("hardware"), QStringLiteral("Made for this device"), QStringLiteral("T2 rev C")),
      passed(QStringLiteral("version"), QStringLiteral("Newer than installed"),
             QStringLiteral("2.4.0 > 2.3.1 \u00b7 counter 8 \u2265 7")),
      passed(QStringLiteral("fallback"), QStringLiteral("Can fall back"),
             QStringLiteral("slot B is free; A stays untouched until confirmed")),
  };
  plan.allowed = true;
  plan.transferText = QStringLiteral("412 KB difference (full image 3.9 MB)");
  plan.durationText = QStringLiteral("about 2 min, 40 s offline");
  plan.fallbackText = QStringLiteral("device returns to 2.3.1 by itself");
  plan.releaseId = QStringLiteral("release-2.4.0");
  return plan;
}

PlanView refusedPlan() {
  PlanView plan = thermostatPlan();
  plan.deviceId = QStringLiteral("HB2-000113");
  plan.deviceName = QStringLiteral("Badge reader 0113");
  plan.modelLine = QStringLiteral("Halden B2 rev A");
  plan.fromVersion = QStringLiteral("3.1.0");
  plan.toVersion = QStringLiteral("3.2.0");
  plan.digest = QString(QStringLiteral("bad00bad")).repeated(8);
  plan.releaseId = QStringLiteral("release-3.2.0");
  plan.checks[1] = {QStringLiteral("image-signature"),
                    CheckState::Failed,
                    QStringLiteral("Image signature valid"),
                    QStringLiteral("The image's signature does not match any key that this model trusts."),
                    QStringLiteral("image.signature-invalid"),
                    QStringLiteral("The image was not signed by this model's vendor. Do not use it; tell the vendor.")};
  plan.allowed = false;
  plan.fallbackText = QStringLiteral("nothing is sent, so nothing changes");
  return plan;
}

JobView makeJob(const QString& id, const QString& device, const QString& from, const QString& to, JobState state,
                Tone tone, const QString& status) {
  JobView job;
  job.id = id;
  job.deviceName = device;
  job.fromVersion = from;
  job.toVersion = to;
  job.state = state;
  job.tone = tone;
  job.statusText = status;
  return job;
}

QList<JobView> pictureJobs() {
  JobView transfer = makeJob(QStringLiteral("j1"), QStringLiteral("Hall thermostat"), QStringLiteral("2.3.1"),
                             QStringLiteral("2.4.0"), JobState::Running, Tone::Accent, QStringLiteral("Transferring"));
  transfer.stage = Stage::Transfer;
  transfer.fraction = 0.46;
  transfer.bytesDone = 190'000;
  transfer.bytesTotal = 412'000;
  transfer.bytesPerSecond = 9'600;
  transfer.secondsLeft = 23;
  transfer.cancellable = true;
  transfer.cancelEffect =
      QStringLiteral("The device keeps running 2.3.1. What was sent so far stays in slot B and is not started.");
  JobView restart =
      makeJob(QStringLiteral("j2"), QStringLiteral("Badge reader 0098"), QStringLiteral("3.1.0"),
              QStringLiteral("3.2.0"), JobState::Running, Tone::Accent, QStringLiteral("Waiting for restart"));
  restart.stage = Stage::Restart;
  restart.fraction = 0.82;
  restart.detail = QStringLiteral("Device is expected back within 25 s");
  restart.cancellable = true;
  restart.cancelEffect = QStringLiteral(
      "The device is starting 3.2.0 for a trial. Unless it is confirmed it goes back to 3.1.0 by itself.");
  JobView later = makeJob(QStringLiteral("j3"), QStringLiteral("Meter gateway"), QStringLiteral("5.0.2"),
                          QStringLiteral("5.1.0"), JobState::Scheduled, Tone::Neutral, QStringLiteral("Tonight 02:00"));
  later.startsAt = QDateTime(QDate(2026, 11, 22), QTime(2, 0), Qt::UTC);
  later.detail = QStringLiteral("Every check runs again before it starts");
  later.cancellable = true;
  later.cancelEffect = QStringLiteral("Nothing has been sent. The device keeps running 5.0.2.");
  JobView waiting = makeJob(QStringLiteral("j7"), QStringLiteral("Bench unit 12"), QStringLiteral("1.4.0"),
                            QStringLiteral("1.4.2"), JobState::Waiting, Tone::Neutral, QStringLiteral("Waiting"));
  waiting.priority = 2;
  waiting.waitsFor = QStringLiteral("hub 1-2 is busy with 4 of 4");
  waiting.detail = QStringLiteral("Waits: hub 1-2 is busy with 4 of 4.");
  waiting.cancellable = true;
  JobView again = makeJob(QStringLiteral("j8"), QStringLiteral("Bench unit 13"), QStringLiteral("1.4.0"),
                          QStringLiteral("1.4.2"), JobState::Waiting, Tone::Neutral, QStringLiteral("Tries again"));
  again.attempts = 1;
  again.mostAttempts = 6;
  again.startsAt = pictureTime().addSecs(24);
  again.detail = QStringLiteral("The link was lost. Waits: attempt 2 of 6 follows.");
  again.cancellable = true;
  JobView paused = makeJob(QStringLiteral("j9"), QStringLiteral("Bench unit 14"), QStringLiteral("1.4.0"),
                           QStringLiteral("1.4.2"), JobState::Paused, Tone::Neutral, QStringLiteral("Paused"));
  paused.detail = QStringLiteral("Waits: it is paused.");
  paused.cancellable = true;
  JobView done = makeJob(QStringLiteral("j4"), QStringLiteral("Door sensor"), QStringLiteral("1.8.4"),
                         QStringLiteral("1.9.0"), JobState::Finished, Tone::Good, QStringLiteral("Succeeded"));
  done.outcome = Outcome::Succeeded;
  done.startedAt = QDateTime(QDate(2026, 11, 18), QTime(8, 12, 48), Qt::UTC);
  done.endedAt = QDateTime(QDate(2026, 11, 18), QTime(8, 14), Qt::UTC);
  done.detail = QStringLiteral("96 % of link speed");
  JobView reverted =
      makeJob(QStringLiteral("j5"), QStringLiteral("Badge reader 0098"), QStringLiteral("3.1.0"),
              QStringLiteral("3.2.0"), JobState::Finished, Tone::Warning, QStringLiteral("Reverted to 3.1.0"));
  reverted.outcome = Outcome::Reverted;
  reverted.startedAt = QDateTime(QDate(2026, 11, 17), QTime(16, 0), Qt::UTC);
  reverted.endedAt = QDateTime(QDate(2026, 11, 17), QTime(16, 4), Qt::UTC);
  reverted.error = makeError(ErrorCode::DeviceDidNotReturn, QStringLiteral("3.2.0 did not confirm within 60 s."));
  reverted.nextStep = QStringLiteral("The device runs 3.1.0 as before. Tell the vendor before you try again.");
  JobView unknown = makeJob(QStringLiteral("j6"), QStringLiteral("Pump controller"), QStringLiteral("1.0.0"),
                            QStringLiteral("1.1.0"), JobState::Finished, Tone::Warning, QStringLiteral("Unknown"));
  unknown.outcome = Outcome::Unknown;
  unknown.fraction = 0.9;
  unknown.endedAt = QDateTime(QDate(2026, 11, 16), QTime(11, 20), Qt::UTC);
  unknown.error =
      makeError(ErrorCode::DeviceDidNotReturn, QStringLiteral("The device did not come back after its restart."));
  unknown.nextStep = QStringLiteral("Power it off and on; the job is settled when it is seen again.");
  return {transfer, restart, waiting, again, later, paused, done, reverted, unknown};
}

VendorView makeVendor(const QString& id, const QString& name, const QString& address, const QString& models) {
  VendorView vendor;
  vendor.id = id;
  vendor.name = name;
  vendor.addresses = {address};
  vendor.fingerprint = QString(QStringLiteral("9f31c2a07be4d518")).repeated(4);
  vendor.added = QDateTime(QDate(2026, 2, 3), QTime(10, 0), Qt::UTC);
  vendor.refreshed = pictureTime().addSecs(-250);
  vendor.fresh = true;
  vendor.models = {models};
  vendor.roles = {{QStringLiteral("root"), 3, QDateTime(QDate(2027, 11, 1), QTime(0, 0), Qt::UTC), 2, 3},
                  {QStringLiteral("targets"), 41, QDateTime(QDate(2027, 2, 1), QTime(0, 0), Qt::UTC), 2, 3},
                  {QStringLiteral("snapshot"), 118, QDateTime(QDate(2026, 11, 28), QTime(0, 0), Qt::UTC), 1, 1},
                  {QStringLiteral("timestamp"), 4412, QDateTime(QDate(2026, 11, 22), QTime(8, 40), Qt::UTC), 1, 1}};
  return vendor;
}

}  // namespace

void FakeStation::fillLikePictures() {
  foundList = {
      {.kind = QStringLiteral("serial"),
       .address = QStringLiteral("serial:/dev/ttyUSB0"),
       .name = QStringLiteral("CP2102N USB to UART Bridge Controller"),
       .detail = QStringLiteral("10c4:ea60, serial number 0001"),
       .place = QStringLiteral("serial ttyUSB0 (USB 1-2.3)"),
       .models = {},
       .deviceId = {},
       .opened = false,
       .addable = true,
       .note = QStringLiteral("Sealift has not opened it: no model of an added vendor names the adapter 10c4:ea60.")},
      {.kind = QStringLiteral("usb"),
       .address = QStringLiteral("usb:1-4"),
       .name = QStringLiteral("USB Optical Mouse"),
       .detail = QStringLiteral("046d:c077"),
       .place = QStringLiteral("USB 1-4"),
       .models = {},
       .deviceId = {},
       .opened = false,
       .addable = false,
       .note = QStringLiteral("Sealift has not opened it: no model of an added vendor names 046d:c077.")},
      {.kind = QStringLiteral("network"),
       .address = QStringLiteral("udp:192.168.4.33:1337"),
       .name = QStringLiteral("Cellar"),
       .detail = QStringLiteral("_smp._udp, cellar.local"),
       .place = QStringLiteral("network"),
       .models = {QStringLiteral("Norrland T2")},
       .deviceId = {},
       .opened = true,
       .addable = true,
       .note = QStringLiteral("Nothing came within 5.0 s while waiting for: answer.")},
      {.kind = QStringLiteral("network"),
       .address = QStringLiteral("udp:192.168.4.21:1337"),
       .name = QStringLiteral("Hall"),
       .detail = QStringLiteral("_smp._udp, hall.local"),
       .place = QStringLiteral("network"),
       .models = {QStringLiteral("Norrland T2")},
       .deviceId = QStringLiteral("NT2-004417"),
       .opened = true,
       .addable = true,
       .note = QStringLiteral("It is known.")},
  };
  DeviceView sensor =
      makeDevice(QStringLiteral("ND1-000871"), QStringLiteral("Door sensor"), QStringLiteral("Norrland D1"),
                 QStringLiteral("usb"), QStringLiteral("USB DFU"), QStringLiteral("1.9.0"), DeviceCondition::UpToDate,
                 Tone::Good, QStringLiteral("Up to date"));
  DeviceView gateway =
      makeDevice(QStringLiteral("HG4-0021"), QStringLiteral("Meter gateway"), QStringLiteral("Halden G4"),
                 QStringLiteral("serial"), QStringLiteral("serial COM7"), QStringLiteral("5.0.2"),
                 DeviceCondition::SupportEnding, Tone::Warning, QStringLiteral("Support ends in 74 days"));
  gateway.lifecycle = {std::nullopt, QDate(2025, 2, 1), QDate(2027, 2, 3)};
  gateway.phaseText = QStringLiteral("Security updates only until 3 Feb 2027");
  DeviceView reader =
      makeDevice(QStringLiteral("HB2-000113"), QStringLiteral("Badge reader 0113"), QStringLiteral("Halden B2"),
                 QStringLiteral("usb"), QStringLiteral("USB"), QStringLiteral("3.1.0"), DeviceCondition::UpdateRefused,
                 Tone::Accent, QStringLiteral("3.2.0 available"));
  reader.offer = makeOffer(QStringLiteral("3.2.0"));
  DeviceView camera =
      makeDevice(QStringLiteral("VC1-22019"), QStringLiteral("Garage camera"), QStringLiteral("Vidar C1"),
                 QStringLiteral("tcp"), QStringLiteral("network"), QStringLiteral("0.9.8"), DeviceCondition::EndOfLife,
                 Tone::Bad, QStringLiteral("End of life"));
  camera.lifecycle = {QDate(2018, 5, 1), QDate(2022, 5, 1), QDate(2025, 5, 1)};
  camera.phaseText = QStringLiteral("End of life since 1 May 2025");
  DeviceView unknown = makeDevice(QStringLiteral("serial:COM9"), QStringLiteral("Unknown device"), {},
                                  QStringLiteral("serial"), QStringLiteral("serial COM9"), {},
                                  DeviceCondition::NotManaged, Tone::Neutral, QStringLiteral("Not managed"));
  unknown.serial.clear();
  unknown.problem = makeError(ErrorCode::DeviceNotRecognised, QStringLiteral("bootloader not recognised."));
  deviceList = {thermostat(), sensor, gateway, reader, camera, unknown};
  plans.insert(QStringLiteral("NT2-004417"), thermostatPlan());
  plans.insert(QStringLiteral("HB2-000113"), refusedPlan());
  jobList = pictureJobs();
  logs.insert(QStringLiteral("j5"),
              {QStringLiteral("16:00:02  check     passed"), QStringLiteral("16:00:03  transfer  412 KB"),
               QStringLiteral("16:01:41  verify    digest of slot B matches"),
               QStringLiteral("16:01:42  activate  for one trial boot"), QStringLiteral("16:01:43  restart"),
               QStringLiteral("16:03:58  confirm   3.1.0 answered instead of 3.2.0")});
  vendorList = {makeVendor(QStringLiteral("norrland"), QStringLiteral("Norrland AB"),
                           QStringLiteral("https://updates.norrland.example"), QStringLiteral("T2, D1")),
                makeVendor(QStringLiteral("halden"), QStringLiteral("Halden GmbH"),
                           QStringLiteral("https://fw.halden.example"), QStringLiteral("G4, B2"))};
  candidate.name = QStringLiteral("Vidar AS");
  candidate.addresses = {QStringLiteral("https://vidar.example/firmware")};
  candidate.fingerprint = QString(QStringLiteral("a1b2c3d4e5f60718")).repeated(4);
  candidate.words = QStringLiteral(
                        "rebirth recipe snowslide crossover adult everyday breakup fortitude spearhead surrender "
                        "tycoon undaunted aimless belowground backfield borderline rebirth recipe snowslide crossover "
                        "adult everyday breakup fortitude spearhead surrender tycoon undaunted aimless belowground "
                        "backfield borderline")
                        .split(u' ');
  candidate.rootThreshold = 2;
  candidate.rootKeys = 3;
  bundle.vendorId = QStringLiteral("vidar");
  bundle.vendorName = QStringLiteral("Vidar AS");
  bundle.files = 7;
  bundle.models = {QStringLiteral("Vidar C1"), QStringLiteral("Vidar C2")};
  bundle.timestampVersion = 12;
  bundle.validUntil = pictureTime().addDays(9);
  bundle.ageText = QStringLiteral(
      "The vendor signed this state on 2026-11-16, 5 days ago; it is valid until 2026-11-30, for 9 days more. What the "
      "vendor published or withdrew since is not known here until a newer bundle is imported or its server is asked.");
  stationInfo.dataFolder.clear();
  auditRows = 12408;
  health.checked = true;
  health.intact = true;
  health.headTime = QDateTime(QDate(2026, 11, 21), QTime(8, 40), Qt::UTC);
  health.headHash = QString(QStringLiteral("77b0c41e")).repeated(8);
  health.text = QStringLiteral("Intact. 12,408 entries, tree head signed by this station's key at 08:40.");
}

}  // namespace sealift
