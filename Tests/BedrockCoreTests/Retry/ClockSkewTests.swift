import Testing

@testable import BedrockCore

@Suite struct ClockSkews {
    private let host = Bytes("bedrock-runtime.us-east-1.amazonaws.com")
    private let wall: Int64 = 1_440_938_160

    private func explains(_ skew: ClockSkew, _ code: String, _ server: Int64) -> Bool {
        skew.explains(code.utf8.span, host: host, serverSeconds: server, wall: wall)
    }

    @Test func learnsPerHost() {
        var skew = ClockSkew()
        func learn(_ host: Bytes, _ server: Int64, _ wall: Int64) -> Bool {
            skew.learn(host: host, serverSeconds: server, wall: wall)
        }
        #expect(skew.offset(host: host) == 0)
        #expect(learn(host, wall + 600, wall))
        #expect(skew.offset(host: host) == 600 && skew.offset(host: Bytes("other")) == 0)
        #expect(learn(Bytes("other"), wall - 7200, wall))
        #expect(skew.offset(host: Bytes("other")) == -7200 && skew.offset(host: host) == 600)
    }

    @Test("what is known already is not learned again: signing anew would change nothing")
    func again() {
        var skew = ClockSkew()
        func learn(_ host: Bytes, _ server: Int64, _ wall: Int64) -> Bool {
            skew.learn(host: host, serverSeconds: server, wall: wall)
        }
        #expect(!learn(host, wall + 4, wall) && skew.offset(host: host) == 0)
        #expect(!learn(host, wall - 4, wall))
        #expect(learn(host, wall + 5, wall) && skew.offset(host: host) == 5)
        #expect(learn(host, wall + 600, wall))
        #expect(!learn(host, wall + 700, wall + 98))
        #expect(skew.offset(host: host) == 600)
        #expect(learn(host, wall, wall) && skew.offset(host: host) == 0)
    }

    @Test func codesThatNameTheClock() {
        let skew = ClockSkew()
        for code in ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"] {
            #expect(explains(skew, code, wall) && explains(skew, code, wall + 1000))
        }
        for code in ["InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"] {
            #expect(
                !explains(skew, code, wall) && !explains(skew, code, wall + 239) && !explains(skew, code, wall - 239))
            #expect(explains(skew, code, wall + 240) && explains(skew, code, wall - 240))
        }
        for code in ["", "AccessDeniedException", "ExpiredTokenException", "ThrottlingException"] {
            #expect(!explains(skew, code, wall + 100_000))
        }
    }

    @Test("a clock that was set right makes what was learned wrong")
    func correctedClock() {
        var skew = ClockSkew()
        func learn(_ host: Bytes, _ server: Int64, _ wall: Int64) -> Bool {
            skew.learn(host: host, serverSeconds: server, wall: wall)
        }
        #expect(learn(host, wall + 600, wall))
        #expect(!explains(skew, "SignatureDoesNotMatch", wall + 600), "the time in the signature was right")
        #expect(explains(skew, "SignatureDoesNotMatch", wall))
        #expect(learn(host, wall, wall))
    }

    @Test("hosts are forgotten, the oldest first")
    func manyHosts() {
        var skew = ClockSkew()
        func learn(_ host: Bytes, _ server: Int64, _ wall: Int64) -> Bool {
            skew.learn(host: host, serverSeconds: server, wall: wall)
        }
        func host(_ number: Int) -> Bytes { Bytes("host\(number)".utf8) }
        for number in 0..<(Limits.skewedHosts + 2) {
            #expect(learn(host(number), wall + 100, wall))
        }
        let known = (0..<(Limits.skewedHosts + 2)).filter { skew.offset(host: host($0)) == 100 }
        #expect(known == Array(2..<(Limits.skewedHosts + 2)))
    }

    @Test func clocksBeyondMeasure() {
        var skew = ClockSkew()
        for server in [Int64.min, .max, 0] {
            for wall in [Int64.max, .min, 0] {
                _ = skew.explains("AuthFailure".utf8.span, host: host, serverSeconds: server, wall: wall)
                _ = skew.learn(host: host, serverSeconds: server, wall: wall)
                #expect(skew.offset(host: host) > .min)
            }
        }
    }
}
