#include "ui/widgets/check_list.h"

#include "ui/style/tokens.h"
#include "ui/widgets/icon_label.h"
#include "ui/widgets/text_label.h"

#include <QVBoxLayout>

namespace sealift {

namespace {

constexpr int kDisc = 20;

struct Look {
  const char* icon;
  Tone tone;
  QString word;
};

Look lookOf(CheckState state) {
  switch (state) {
    case CheckState::Passed:
      return {"check", Tone::Good, CheckList::tr("passed")};
    case CheckState::Warning:
      return {"warning", Tone::Warning, CheckList::tr("warning")};
    case CheckState::NotApplicable:
      return {"info", Tone::Neutral, CheckList::tr("does not apply")};
    case CheckState::Failed:
      break;
  }
  return {"x", Tone::Bad, CheckList::tr("failed")};
}

}  // namespace

CheckList::CheckList(QWidget* parent) : QWidget(parent) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(space::kM);
}

void CheckList::setChecks(const QList<CheckView>& checks) {
  while (QLayoutItem* item = layout()->takeAt(0)) {
    delete item->widget();
    delete item;
  }
  // What failed comes first: it is what decides.
  for (const bool failed : {true, false}) {
    for (const CheckView& check : checks) {
      if ((check.state == CheckState::Failed) == failed) {
        layout()->addWidget(makeRow(check));
      }
    }
  }
}

QWidget* CheckList::makeRow(const CheckView& check) {
  const Look look = lookOf(check.state);
  auto* row = new QWidget;
  row->setObjectName(QStringLiteral("check-%1").arg(check.id));
  row->setAccessibleName(QStringLiteral("%1: %2").arg(check.title, look.word));
  row->setAccessibleDescription(
      QStringList({check.detail, check.remedy, check.code}).join(QLatin1Char(' ')).simplified());
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(space::kM - 2);
  layout->addWidget(new IconLabel(QString::fromLatin1(look.icon), look.tone, IconLabel::Shape::Disc, kDisc), 0,
                    Qt::AlignTop);
  auto* words = new QVBoxLayout;
  words->setSpacing(2);
  const bool failed = check.state == CheckState::Failed;
  const QString title =
      check.state == CheckState::Passed || failed ? check.title : tr("%1 \u2013 %2").arg(check.title, look.word);
  words->addWidget(makeWrappedLabel(TextStyle::BodyBold, failed ? TextTone::Bad : TextTone::Normal, title));
  if (!check.detail.isEmpty()) {
    words->addWidget(makeWrappedLabel(TextStyle::Small, failed ? TextTone::Normal : TextTone::Muted, check.detail));
  }
  if (!check.remedy.isEmpty()) {
    words->addWidget(makeWrappedLabel(TextStyle::Small, TextTone::Muted, check.remedy));
  }
  if (!check.code.isEmpty()) {
    auto* code = new TextLabel(TextStyle::Mono, TextTone::Muted, tr("Code: %1").arg(check.code));
    code->setElided(true);
    words->addWidget(code);
  }
  layout->addLayout(words, 1);
  return row;
}

}  // namespace sealift
