#include "ui/views/settings_page.h"

#include "ui/style/format.h"
#include "ui/style/tokens.h"
#include "ui/style/typography.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/key_value_grid.h"
#include "ui/widgets/text_label.h"

#include <QButtonGroup>
#include <QCheckBox>
#include <QClipboard>
#include <QGridLayout>
#include <QGuiApplication>
#include <QLineEdit>
#include <QRadioButton>
#include <QSpinBox>
#include <QVBoxLayout>

namespace sealift {

namespace {

constexpr int kLongestName = 80;
constexpr int kKeyWidth = 116;
constexpr int kFieldWidth = 360;

QRadioButton* makeRadio(const QString& text, const QString& name) {
  auto* radio = new QRadioButton(text);
  radio->setObjectName(name);
  radio->setFont(textFont(TextStyle::Control));
  return radio;
}

}  // namespace

SettingsPage::SettingsPage(Station& station, Theme& theme, QWidget* parent)
    : Page(QStringLiteral("settingsPage"), parent), station_(station), theme_(theme) {
  buildFrame(tr("Settings"));
  message_ = new Banner(QStringLiteral("settingsMessage"));
  message_->hide();
  QVBoxLayout* layout = buildScrollBody(QStringLiteral("settingsScroll"));
  layout->addWidget(message_);
  buildStation(layout);
  buildMode(layout);
  buildNetwork(layout);
  buildQueue(layout);
  buildAppearance(layout);
  buildData(layout);
  layout->addStretch(1);
  connect(&station_, &Station::infoChanged, this, &SettingsPage::load);
  load();
}

void SettingsPage::buildStation(QVBoxLayout* layout) {
  auto* card = new Card(tr("Station"));
  auto* grid = new QGridLayout;
  grid->setHorizontalSpacing(space::kM);
  grid->setVerticalSpacing(space::kS);
  const auto addField = [&](const QString& label, const QString& name) {
    auto* edit = new QLineEdit;
    edit->setObjectName(name);
    edit->setAccessibleName(label);
    edit->setFont(textFont(TextStyle::Body));
    edit->setMaxLength(kLongestName);
    edit->setFixedWidth(kFieldWidth);
    const int row = grid->rowCount();
    auto* text = new TextLabel(TextStyle::Body, TextTone::Muted, label);
    text->setFixedWidth(kKeyWidth);
    grid->addWidget(text, row, 0);
    grid->addWidget(edit, row, 1, Qt::AlignLeft);
    connect(edit, &QLineEdit::textChanged, this, &SettingsPage::updateSave);
    return edit;
  };
  name_ = addField(tr("Station name"), QStringLiteral("settingsStationName"));
  operator_ = addField(tr("Your name"), QStringLiteral("settingsOperator"));
  grid->setColumnStretch(1, 1);
  card->body()->addLayout(grid);
  card->body()->addWidget(makeWrappedLabel(TextStyle::Small, TextTone::Muted,
                                           tr("Both stand in the audit log beside everything that you agree to.")));
  save_ = makeButton(tr("Save"), QStringLiteral("settingsSave"), ButtonKind::Primary);
  connect(save_, &QPushButton::clicked, this, &SettingsPage::save);
  card->body()->addWidget(save_, 0, Qt::AlignLeft);
  layout->addWidget(card);
}

void SettingsPage::buildMode(QVBoxLayout* layout) {
  auto* card = new Card(tr("Mode"));
  mode_ = new QButtonGroup(this);
  QRadioButton* home =
      makeRadio(tr("Home: a few devices, plain words, no factory pages"), QStringLiteral("settingsHome"));
  QRadioButton* station =
      makeRadio(tr("Station: for technicians, with provisioning"), QStringLiteral("settingsStation"));
  mode_->addButton(home, 1);
  mode_->addButton(station, 0);
  card->body()->addWidget(home, 0, Qt::AlignLeft);
  card->body()->addWidget(station, 0, Qt::AlignLeft);
  layout->addWidget(card);
  tabToChecked(mode_);
  connect(mode_, &QButtonGroup::idClicked, this, &SettingsPage::save);
}

void SettingsPage::buildNetwork(QVBoxLayout* layout) {
  auto* card = new Card(tr("Network"));
  offline_ = new QCheckBox(tr("Stay offline: open no network connection at all"));
  offline_->setObjectName(QStringLiteral("settingsOffline"));
  offline_->setFont(textFont(TextStyle::Control));
  card->body()->addWidget(offline_, 0, Qt::AlignLeft);
  search_ = new QCheckBox(tr("Search the local network for devices"));
  search_->setObjectName(QStringLiteral("settingsSearch"));
  search_->setFont(textFont(TextStyle::Control));
  offlineNote_ = makeWrappedLabel(TextStyle::Small, TextTone::Muted);
  card->body()->addWidget(offlineNote_);
  card->body()->addWidget(search_, 0, Qt::AlignLeft);
  card->body()->addWidget(
      makeWrappedLabel(TextStyle::Small, TextTone::Muted,
                       tr("Asks by Multicast DNS for the services that models of added vendors name. Sealift announces "
                          "nothing of itself.")));
  layout->addWidget(card);
  connect(search_, &QCheckBox::clicked, this, [this](bool search) {
    const Status done = station_.setSearchesNetwork(search);
    message_->setVisible(!done);
    if (!done) {
      message_->setError(done.error());
    }
    load();
  });
  connect(offline_, &QCheckBox::clicked, this, [this](bool offline) {
    const Status done = station_.setOffline(offline);
    message_->setVisible(!done);
    if (!done) {
      message_->setError(done.error());
    }
    load();
  });
}

void SettingsPage::buildQueue(QVBoxLayout* layout) {
  auto* card = new Card(tr("Updates side by side"));
  auto* grid = new QGridLayout;
  grid->setHorizontalSpacing(space::kM);
  grid->setVerticalSpacing(space::kS);
  const auto addRow = [&](const QString& label, QWidget* field, const QString& name) {
    field->setObjectName(name);
    field->setAccessibleName(label);
    field->setFont(textFont(TextStyle::Body));
    const int row = grid->rowCount();
    grid->addWidget(new TextLabel(TextStyle::Body, TextTone::Muted, label), row, 0);
    grid->addWidget(field, row, 1, Qt::AlignLeft);
  };
  const auto addLimit = [&](const QString& label, const QString& name) {
    constexpr int kHighest = 256;
    auto* box = new QSpinBox;
    box->setRange(1, kHighest);
    box->findChild<QLineEdit*>()->setAccessibleName(label);
    addRow(label, box, name);
    return box;
  };
  limitAll_ = addLimit(tr("In all"), QStringLiteral("settingsLimitAll"));
  limitHub_ = addLimit(tr("On one USB hub"), QStringLiteral("settingsLimitHub"));
  limitAdapter_ = addLimit(tr("On one serial adapter"), QStringLiteral("settingsLimitAdapter"));
  limitHost_ = addLimit(tr("At one network host"), QStringLiteral("settingsLimitHost"));
  window_ = new QLineEdit;
  window_->setFixedWidth(kFieldWidth);
  window_->setPlaceholderText(QStringLiteral("mon-fri 22:00 4h Europe/Berlin"));
  addRow(tr("Maintenance window"), window_, QStringLiteral("settingsWindow"));
  grid->setColumnStretch(1, 1);
  card->body()->addLayout(grid);
  card->body()->addWidget(
      makeWrappedLabel(TextStyle::Small, TextTone::Muted,
                       tr("Days, start, length and time zone of the window that updates can be scheduled for; empty: "
                          "none. Critical security fixes begin before others.")));
  saveQueue_ = makeButton(tr("Save"), QStringLiteral("settingsSaveQueue"), ButtonKind::Primary);
  connect(saveQueue_, &QPushButton::clicked, this, &SettingsPage::saveQueue);
  card->body()->addWidget(saveQueue_, 0, Qt::AlignLeft);
  layout->addWidget(card);
}

void SettingsPage::saveQueue() {
  // Read before anything changes: with each change what the station has is shown.
  const LimitsChange limits{.all = limitAll_->value(),
                            .perHub = limitHub_->value(),
                            .perAdapter = limitAdapter_->value(),
                            .perHost = limitHost_->value()};
  const QString window = window_->text().trimmed();
  Status done = window == station_.queue().window ? Status() : station_.setMaintenanceWindow(window);
  if (done) {
    done = station_.changeLimits(limits);
  }
  message_->setVisible(!done);
  if (!done) {
    message_->setError(done.error());  // what was typed stays, to be corrected
    return;
  }
  load();
}

void SettingsPage::buildAppearance(QVBoxLayout* layout) {
  auto* card = new Card(tr("Appearance"));
  appearance_ = new QButtonGroup(this);
  const auto add = [&](const QString& text, const QString& name, ThemeChoice choice) {
    QRadioButton* radio = makeRadio(text, name);
    appearance_->addButton(radio, static_cast<int>(choice));
    card->body()->addWidget(radio, 0, Qt::AlignLeft);
  };
  add(tr("Follow the system"), QStringLiteral("settingsThemeSystem"), ThemeChoice::System);
  add(tr("Light"), QStringLiteral("settingsThemeLight"), ThemeChoice::Light);
  add(tr("Dark"), QStringLiteral("settingsThemeDark"), ThemeChoice::Dark);
  layout->addWidget(card);
  tabToChecked(appearance_);
  connect(appearance_, &QButtonGroup::idClicked, this,
          [this](int id) { Q_EMIT themeChosen(static_cast<ThemeChoice>(id)); });
  const auto show = [this] { appearance_->button(static_cast<int>(theme_.choice()))->setChecked(true); };
  connect(&theme_, &Theme::changed, this, show);
  show();
}

void SettingsPage::buildData(QVBoxLayout* layout) {
  auto* card = new Card(tr("About this station"));
  data_ = new KeyValueGrid(kKeyWidth);
  card->body()->addWidget(data_);
  QPushButton* copy = makeButton(tr("Copy folder"), QStringLiteral("settingsCopyFolder"), ButtonKind::Secondary, true);
  connect(copy, &QPushButton::clicked, this,
          [this] { QGuiApplication::clipboard()->setText(station_.info().dataFolder); });
  card->titleRow()->addWidget(copy);
  layout->addWidget(card);
}

void SettingsPage::load() {
  const StationInfo info = station_.info();
  name_->setText(info.name);
  operator_->setText(info.operatorName);
  mode_->button(info.homeMode ? 1 : 0)->setChecked(true);
  offline_->setChecked(info.offline);
  offline_->setEnabled(!info.offlineForRun);
  search_->setChecked(info.searchesNetwork);
  search_->setEnabled(!info.offline);
  offlineNote_->setText(info.offlineForRun
                            ? tr("Sealift was started with --offline, and stays offline until it is started without.")
                            : tr("Vendors' servers and devices on the network are not reached; serial ports, folders "
                                 "and offline bundles work."));
  const QueueView queue = station_.queue();
  limitAll_->setValue(queue.limitAll);
  limitHub_->setValue(queue.limitPerHub);
  limitAdapter_->setValue(queue.limitPerAdapter);
  limitHost_->setValue(queue.limitPerHost);
  window_->setText(queue.window);
  data_->setMono(tr("Data folder"), info.dataFolder);
  data_->setMono(tr("Key ID"), groupHex(info.publicKeyId));
  data_->setText(tr("Your role"), info.role);
  data_->setText(tr("Version"), QStringLiteral("Sealift " SEALIFT_VERSION));
  updateSave();
}

void SettingsPage::updateSave() {
  const StationInfo info = station_.info();
  const QString name = name_->text().trimmed();
  const QString person = operator_->text().trimmed();
  save_->setEnabled(!name.isEmpty() && !person.isEmpty() && (name != info.name || person != info.operatorName));
}

void SettingsPage::save() {
  const Status done =
      station_.changeInfo(name_->text().trimmed(), operator_->text().trimmed(), mode_->checkedId() == 1);
  message_->setVisible(!done);
  if (!done) {
    message_->setError(done.error());
  }
  load();
}

}  // namespace sealift
