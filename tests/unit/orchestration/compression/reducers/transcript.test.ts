// Meetings, chats and captions written for these tests.
import { describe, expect, it } from "vitest";
import { transcriptReducer } from "../../../../../lib/orchestration/compression/reducers/transcript.ts";
import { isAssent, spokenWords } from "../../../../../lib/orchestration/compression/reducers/transcript/spokenWords.ts";
import { brokenPromises, pinnedView, reduce, viewOf } from "../reducing.ts";

const MEETING = `Project Manager: Um , so , shall we {disfmarker} shall we start ?
Designer: Yeah .
Project Manager: We we decided on Friday that the remote has two buttons .
Designer: Mm-hmm .
Engineer: Right .
Project Manager: Is the budget still 12.50 euros ?
Designer: Yes .
Engineer: I will send the drawings to Ada by the first of June .
Project Manager: OK .
Engineer: And [laughter] the case costs uh 3 euros .
Engineer: That is less than we thought .`;

const CHAT = `#harbour 2031-09-04 [22:44:46] <ada> how do I refund an order?
#harbour 2031-09-04 [22:44:50] -!- cleo [c@example.org] has joined #harbour
#harbour 2031-09-04 [22:45:04] <bob> ada: see https://example.org/docs/refunds#partial
#harbour 2031-09-04 [22:45:20] <ada> ok thanks
#harbour 2031-09-04 [22:45:40] <bob> the charge ch_1PgafuB7WZ01zg is the one
#harbour 2031-09-04 [22:46:10] <bob> cleo: yours is another matter
#harbour 2031-09-05 [08:01:00] <cleo> good morning all, is {id} a placeholder?`;

describe("the transcript reducer", () => {
  it("drops fillers, tags, stutters and mere assent, and merges turns", () => {
    const view = viewOf(transcriptReducer, MEETING);
    expect(view).toContain(
      "Project Manager: so, shall we shall we start?\nDesigner: Yeah.\nProject Manager: We decided on Friday that the remote has two buttons.",
    );
    expect(view).not.toMatch(/disfmarker|laughter|\bUm\b|\buh\b|Mm-hmm|Right/);
    expect(view).toContain(
      "Engineer: I will send the drawings to Ada by the first of June.\nAnd the case costs 3 euros.\nThat is less than we thought.",
    );
  });

  it("keeps assent that answers a question", () => {
    expect(viewOf(transcriptReducer, MEETING)).toContain("Is the budget still 12.50 euros?\nDesigner: Yes.");
  });

  it("keeps who said what in a chat, day and time when they change, and no comings and goings", () => {
    const view = viewOf(transcriptReducer, CHAT);
    expect(view).toContain("2031-09-04 22:44 <ada> how do I refund an order?");
    expect(view).toContain("22:45 <bob> ada: see https://example.org/docs/refunds#partial");
    expect(view).toContain("2031-09-05 08:01 <cleo> good morning all, is {id} a placeholder?");
    expect(view).not.toMatch(/joined|#harbour|ok thanks/);
  });

  it("pins links and identifiers when the task asks for them", () => {
    const asked = reduce(
      transcriptReducer,
      `${CHAT}\n${Array.from({ length: 20 }, (_, index) => `#harbour 2031-09-05 [09:${10 + index}:00] <ada> the weather is of kind number ${index % 3} today`).join("\n")}`,
      { task: "Which links and object ids were given?" },
    );
    expect(pinnedView(asked)).toContain("https://example.org/docs/refunds#partial");
    expect(pinnedView(asked)).toContain("ch_1PgafuB7WZ01zg");
    expect(reduce(transcriptReducer, CHAT).units.some(({ pin }) => pin !== undefined)).toBe(false);
  });

  it("reads captions, phone chats and headed turns", () => {
    const captions =
      "WEBVTT\n\n1\n00:00:01.000 --> 00:00:04.000\n<v Ada>Welcome to the show about harbours.\n\n2\n00:00:05.000 --> 00:00:07.000\n<v Bob>Thank you.\n\n3\n00:00:08.000 --> 00:00:10.000\n<v Ada>When was it built?\n\n4\n00:00:11.000 --> 00:00:13.000\n<v Bob>In 1850.";
    expect(viewOf(transcriptReducer, captions)).toBe("Ada: Welcome to the show about harbours.\nWhen was it built?\nBob: In 1850.");
    const phone =
      "12/03/2031, 10:11 - Ada: Lunch at the mole?\n12/03/2031, 10:12 - Bob joined the group\n12/03/2031, 10:12 - Bob: Noon is better\n12/03/2031, 10:15 - Ada: Noon then";
    expect(viewOf(transcriptReducer, phone)).toContain("12/03/2031 10:11 Ada: Lunch at the mole?");
    expect(viewOf(transcriptReducer, phone)).not.toContain("joined");
    const headed =
      "Ada Moor  10:15 AM\nWe ship on Friday.\n\nBob  10:16 AM\nThen I test on Thursday.\n\nAda Moor  10:17 AM\nGood plan, do that please.\n\nBob  10:19 AM\nIt is in the calendar.";
    expect(viewOf(transcriptReducer, headed)).toContain("10:16 AM Bob: Then I test on Thursday.");
  });

  it("reads speakers with their office in parentheses", () => {
    const committee =
      "The Chair (Hon. Ada Moor (Eastwick, Ind.)): The sitting is open.\nHon. Bob Hale (Minister of Ships): The new mole costs 21,500 pounds, as I said before.\nThe Chair (Hon. Ada Moor (Eastwick, Ind.)): Thank you.\nHon. Bob Hale (Minister of Ships): It will be ready in May.";
    expect(
      reduce(transcriptReducer, committee, { level: 2 }).units.some(
        ({ searchText, text }) => `${searchText ?? ""}${text}`.includes("Minister of Ships") && text.includes("21,500"),
      ),
    ).toBe(true);
  });

  it("weighs commitments, dates and questions more than small talk", () => {
    const { units } = reduce(transcriptReducer, MEETING, { task: "What was decided, and what is due when?" });
    const weightOf = (part: string): number => units.find(({ text }) => text.includes(part))?.weight ?? -1;
    expect(weightOf("first of June")).toBeGreaterThan(weightOf("less than we thought"));
  });

  it("weighs the first mention of a name more than the next", () => {
    const { units } = reduce(
      transcriptReducer,
      "Ada: um the module comes from Heidelberg these days.\nBob: uh and what about the parser?\nAda: the people in Heidelberg are working on it.\nBob: good to know about that.",
      { level: 2 },
    );
    const [first, second] = units.filter(({ text }) => text.includes("Heidelberg"));
    expect(first?.weight).toBeGreaterThan(second?.weight ?? 1);
  });

  it("keeps its promises", () => {
    expect(brokenPromises(transcriptReducer, MEETING, "Who sends the drawings?")).toEqual([]);
    expect(brokenPromises(transcriptReducer, CHAT)).toEqual([]);
  });
});

describe("spokenWords", () => {
  it("takes nothing out of written words", () => {
    for (const text of ["The error code is 5, not 6.", "see {id} and [link](x)", "use a - b", "I had had enough."])
      expect(spokenWords(text)).toBe(text);
  });
});

describe("isAssent", () => {
  it("is true for listening only", () => {
    expect(["Yeah, right.", "ok thanks :)", "Mm - hmm .", "uh-huh"].every(isAssent)).toBe(true);
    expect(["Ok?", "No.", "Yes, on Friday.", "5"].some(isAssent)).toBe(false);
  });
});
