"""Two small bundles that Magenta made, with the probabilities its own graph gave.

Both are a ``one_drum`` with random weights, layers of 3 and 4 units and an attention over 3
steps. ``AROUND_LAYER`` was written by ``create_bundle_file`` of magenta 2.1.4 on TensorFlow
2.15.1, from the graph of its ``get_build_graph_fn``. For ``AROUND_STACK`` magenta's
``AttentionCellWrapper`` was put around a ``MultiRNNCell``, and a ``Saver`` of format 1 wrote
the variables under the names they had before TensorFlow 1.0. The graphs were replaced by a
few bytes, because nobody looks at them.
"""

import base64
import zlib

AROUND_LAYER = zlib.decompress(
    base64.b64decode(
        "eNqtVQ1UU+cZziXAslsSICA/oXZXio5G+RmKtpL7XUAdooiW1om0W0pIgEhIUnJjhBUBBWrtVKzYtUirQQFhigPqD5L7"
        "foriEU9ndcBG4SCTOu2oVhTP6t88SyBiy5GzKdx77nfu/c73Pe/zPu/9npecRQp0WpVcmWXMFFMLraOBSoiPp0xqNp0K"
        "CzKwyayKUmlTdEq1Ni1Y/KcXeTyLgGwSkAGkV6pRo8mWp+i0WlUKq1KGKNTJBpVB7Ch2EDj4EP4OJI+cSXqPXWVSqdPS"
        "WYNYYF32eKmjdSmPXE5GZWm1IZlGDauWW9/kKSqNJsQ2yENDkllWpWXVupFZuSkrWa9XZT2Ztr1p5WuHo/Pt0ZMnDmgS"
        "u1kBCfvDt4MLhvna7mUkM4EQNsV+wnjlhBhnqLK0Ks2wss520BFlk8i454HVynVGVm9k5fos3Rpr9Z5KWUHGTxb2uPzf"
        "IBc9cwxFskGdItcY2MyR1aPEXezE3yJjJgz6I8ZOdugRxgvI8GcHf8zw8elZSs57ZpAxjJ6cLhkZPB7Yr8YXy81OZSEZ"
        "+v/v/hGHn9kxhjnYThFvqpT3dOPgEQSRnycOHNdYrDwkpFRwRC2CPeJM5O66yO4l1p0O+XnWvQvGt5thAhJ/KeXg7Io/"
        "3atkBv5WiBupq9w3l043/12/Gcf+0MhQ5k8YImb1hF3InsqqyTA0W9YiqUvcLjNqeb3juOu82ShKaDJZQzjach7O2zgZ"
        "RjdqapIZ0oDq2wFQ1ZuO2ymJ5ZGuCdKxgTm6QcBsyjVbHA+/wLR5bgUZucpWGXuyKyfuhPZU/d8NkjnfNUNg5W5aJvqE"
        "GPmdRou8k5gMkxz5H5ZIFz9c/jZurtUghWsJ1tcdxGE9y0H/sS8uf9hHr92Cmc23hdj5XgfcetUFvbJ4P1J2D3KDpS7w"
        "yzM30fy19eihOhS3zEvkwl9SjueXdoUUk+zCdrlkWb3o0jGzJX7pfi5WVDlWrgpi0g16VLt6jRijq9OZc6V8dKrXQHdZ"
        "2iDglpnTZ9fiIe8o3N1gQtF7D+Mr77kxbrydWD2DYN6Mc8P7bjsyp8810AcCNuKA0JVMmKSAeJoF2YXLmyz7tykWJg2V"
        "xoqg0vumpcvjJPr+7BvoNbKNe2Do535z7FPuc/4Aisrlw5elx7l15i7aN82TixaddRijaqvD5HWPETmHCOkgEfPu67TJ"
        "6xr8Mzvd0lt3AE25PgPDshSQemvwjWkU9vhCies+/Be3P2Uq/ohzRuuO7aKbGpu4zAXluKGtCEzHT1guUMm0wQHh1PhM"
        "KHQagkWXz8IOjs8Yt56FuIgCS/e+HtQ/WAIZN3/LtWe/Rc80/EcmpnxwYYw3vd4SyAT+IhIPaDtR8cuZ9NwVuyE/fR3z"
        "7XIODV33xOuFnnTea9vQhs3N3I2yGnQ/0JGTHK1EvhVhjN/5atj1lza6YFoqiHrfo3M0Hnh73za4f62Fg7l9KHiuiDEm"
        "BeAzSa2wt2YPWrLGhGf/PPZJmWOet2faG8OJHC+Us6iHDhNljqlWxvM30pHiSKWBfq2G+V6Raah19puQkTgLL7l3CJqu"
        "MvjUq/PpgoMFjDwfIHH6IPi+mPP0fmrPct0z92FbetHSyP7D2fju1/5wpPNLVFKWJntH8gW055ZAcc1BJKyPop1vZMgi"
        "UzZajoJMdijDhGrxKyjj/UI6KmQPRPCnopmiAscxujziP0dbH1HkFF96gt/+wSZu19wLULF9AF3oTAO4XGeZp6iB/QeL"
        "gEsX4PA5zszsso2cEJ1HCVOORFQvLIWTBS9AEq2DvOLVEWciKbjuwQNekAfu+vUBEH0cykxP2AafuV8GkdANraC9GPcI"
        "P9zv3cDl3SmG3xEyfOi7ctQRTFl83O/Ihsx7oDk8Gn0dlwpmX5bTVFyHHR0E3l0qYvK2JML3U+/Rqn+kWhoVMvD7LhH+"
        "uqkYVX3LAyqxgIMOb9k3cx6gmGXbUY7iZfR+rR5aPvDA7nAOnUk6j/pW67nytDQU312FwrPr0bbm06i7JBouWqYxV6Y4"
        "4exHR1HWjQTUtOk4EpYtZnJzXmJiC++AePEc/FVGHVI2dUFtUU1zUFwj2pcbgsujk/EPxl66oeKPslk3L3LGyo2ybGux"
        "0kun4Tsrt3Lv5HwFhDEEX7q1Cn108qIlqSwIVUe0g9OGP8D6FZ2wdQUHn12pop2Cq4ET+qAaL3e0dk4i8/t6T8zu5FBf"
        "jw835RhufrtNgqmihdBy6HN0oN+Fu2cg6flL73KHi/6Nqo6ILfTAGoxadwAvNAHzrBdhG2Z03s8a/Thx2/xnHsEneJ1+"
        "o3Or84K2dPsJrvm58v7ntepB/ocBxpgeiVCrYymNTpehUlLJrL8rKYyiWJWBpRRGrVKj+i/8N2Ul"
    )
)
INPUTS_AROUND_LAYER = [
    [1, 1],
    [0, 0],
    [1, -1],
    [-1, 0],
    [1, 1],
    [1, -1],
    [-1, -1],
    [1, 0],
    [-1, 1],
    [0, 1],
    [0, -1],
    [1, -1],
    [-1, 1],
    [0, 0],
    [-1, 1],
    [0, 1],
]
SILENCE_AROUND_LAYER = [
    0.447239,
    0.450066,
    0.435982,
    0.410058,
    0.393858,
    0.379404,
    0.364621,
    0.350697,
    0.342431,
    0.334288,
    0.325008,
    0.318886,
    0.317574,
    0.313641,
    0.312748,
    0.308504,
]

AROUND_STACK = zlib.decompress(
    base64.b64decode(
        "eNqtVglYU1cWzguRhIcEjOISFiEgxtDKpqCSd69sghqWgohWKCIEQWPChGCxdhRQQXSKRSsoLqjj1H1tcSPvXCmiUhfU"
        "cQUVB6pFqR3UYq1+asFkHGVGxeW9770v776c//73/uf959AWtECjVsYnaTOmiagk0WY7DqeRT1/j0960NDIszM1Pp1Oq"
        "dakadYBSpYrRJqSlKbX/HWz/pR4r4om4Al5vSsKlOXRIp+NiRFZtcZTx+g+GoA3DcMrpgZ1AUqSqlQlaN//UhPSXeATS"
        "7p2PDk3QaVMzRYK2eKERg/eMQzA99HUo6vAMXVqGLkKrmaJMfC2dcNr3nYBeYCZ4iZkn7fxKwI4kuEYSw2iXN8W8MJ+p"
        "MdIwXxQd9MrY0AyVLrXtbfuYW/vN3c0/IT01URE1JvTZWEdCXY2EJtDB7w36AuMuRuh3YOzxBsZW78LY442M+UZoA2Nn"
        "umdyhko1Iz5Ro1a35YEyyW1SGwHlyyq60r06/utzZerkFF36M0jeS7J1p80nqzSTElTx6TplmojT20zCaf/iOG6BnM5+"
        "3xyKorJmi/zfwhHaeIpFMqvMrrshx3sdUjStYn/dvhGkFl/EtKHxsmYbTlHmW7jFc2cQ+8uGjxeG4d/2HWNLy/LZJtaG"
        "UE1ZvhsWTmNj6UfYeZ053KKTcR8zDZ5syoeH26PwyS5VxCEznwkfaIO38S8R526jXpDYuMKQt3Yc4zoV8Uuh58JsZFoV"
        "DSEnFoCrcC3XoHIbMvfZSldz38GQnmkobqRk16iUmEGQ2poD4trtKKbPBDQ9iA8uRWugzuKUPqq5Lx40U4ocfUrQkBmF"
        "7JjrNqSgcAt8PXAV6qEIZpJdaiENBRDtnmjmwnUn6D54AFgJ+sIZczO0TiJELT5NaLj1NbS+wgHnlP6AhJQENi4+rbcs"
        "VKO/H7WGnSvnoiU+5jg6sQLcv40mbFcr7OxqJsfmW5DnUQfCc/oEHw/ajZrU6eywmwPAsXkCc+f3NezEPFNosOUTD2Vv"
        "fPj8Mv1GWytmd4oXM250AbmfMQutaLSHTavMIfGgKWPnFP1aNzVKFPU+hmxUK2QDyK/e04PUvEz/WJsA3sLjVAe1qqn3"
        "82uDcHMoWRZ14MoT6L2nnNHpLqMxN3bAiMHx5HszO1wz1Y6IlrvjL5M5LNachK2eLGTmzUdx6SZ49ye32PhWc6wfVoJn"
        "ht1n6xsHkKUXbIhmViiJ7slCyb1zIK8NICn7V6JbDw+SeJ8AUnX7G1yY2Ac/zC9BZ2V5aFt9Dp4ZvRqJuw3532307mT1"
        "aN8xWibIdV8CEZWtyFGY1GGjJnW6pBi2xFPmHijrRiz0GuJ3zgs2+yxDM/4Rij3qVzPJPY5CpqWQFOfz8Xf3l2BddhAq"
        "9YsnYs9s6m0qjHGJsz9UweIaaK8pzkdx2iPw41/3wbrHh+BG7jfoWMEVtsxlKQyctR3E8RQyNV0H/ZMqIWG1HPkLj3b0"
        "gCruh6t3hu28R8laqOl/q2Z+6RVD9KNc2FytFdkyciX0TtZCS/9dkKTJR5/ueKhfkbgY7mSORkV9TiIxX0Eu0U9Z9yX3"
        "IJK3lXW2dyCxGmd568IivZNrL/B05JKHPwZCy1w+WTpSSi6E1TP/rDAjwVHdsN2DXajWOpNku/KRrEZAhLFz5GkJ2+Ta"
        "5ukksvFnttLmCRvS/CuqKBMRqWIvavlcQKYXOMMm/SlYe8MLF9p/hVoeFeFCVSkyuXwaPak+hW5tKIJaiTkbt7M/rnnQ"
        "Nm9BOfPzFqk+P7QY+fkNhqGxxez+6hamxy4FM+bMeXB1XEx5vFH/RdSHqv9cQ8mpm7MGxsFV9O3tfvBlqSOxTvKEB0+L"
        "vQ+U7EFzz6wAu5MKVB+hQ061Y6E0J5mt+YmPbSU8PDtlDtpw9xjjL1zG65AQS3kfrp0wJESlieygCTXvKeh2mcHWY0PK"
        "D3+EwObEPr3PbSH+rjwWPvuLKXnaM5Dsa9jOhk7rCWNSGpjf8QjIVSpgt0kJ/PFbHMy8OJ+pUkmgrtCVGfxgFL6/XIFc"
        "A6TEUjQUu+X1QJO51dBlawXKDLzjOzZ2DtgE5sERu7NQkLhePtH7JzSkhgZZmReSohA8fAtFsu/UMR9f5kK1awOsNauD"
        "hvpT5etHDEXDuYkw69R+efagEiQe+ZgZ/MV+lCMIQl8rI9B6bgDubjkPPegfx/QpKkZmww/BNG8r6PXZJhS+IxeNC+2H"
        "v7db5EvZ2xK6MRwrP72JNJYNUPMvEfZRxsmTN/iRQ9le4BY5HuadH4Bt+26CshUX2fr4X9ib5xyhy0eVcMWunKGaryN7"
        "33nootlhqM1uhblDRzPM1SKI/SoX9kd6kb2+EdhpbyUquFsDWc0VaE+kJU63mU1yp06Bum39wHbKAjRwZjiLTx5i+VOO"
        "6CWXg7BkeTK+Yj8RmKoqCD6wCK/xOA2+V3SQeHeG3C8uDDXtrUP+912QNOgA5KFx6Kj2HHNvYgje/Mfxcq5eSChb2f/v"
        "A42pLX1ln2j064/dsTzTZh/qZhlkbA2fp1zAq7tHQwZJZA6TVnQn9aOsyYkIa3b5uXwQWnvjfy9fQMbvsoDqsT9gStjr"
        "haaSQ3FE1h3aTDEvkptvymk7qPbbRsf5rc8fDt5du5NDmVCcs7bPx6b5rNZfshXcsLXkvPGIeZS10DkjuE5sodboHFQa"
        "zVRlkkOCTtKFNtGokv4EnApbHg=="
    )
)
INPUTS_AROUND_STACK = [
    [0, 0],
    [0, 0],
    [0, -1],
    [0, 1],
    [1, 0],
    [-1, 0],
    [0, 1],
    [1, -1],
    [1, -1],
    [0, 1],
    [-1, -1],
    [1, -1],
    [0, -1],
    [-1, -1],
    [0, 0],
    [0, -1],
]
SILENCE_AROUND_STACK = [
    0.449417,
    0.467034,
    0.48374,
    0.483717,
    0.419164,
    0.319621,
    0.198249,
    0.092864,
    0.023925,
    0.002432,
    6.7e-05,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
]
